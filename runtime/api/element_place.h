// Which elements of a range an error is of, as its path says: "element 7 of manta::map_reduce() <- parse".
//
// Threads: any. Errors: none.
#pragma once
#include <cstdint>

#include "../wire/error_record.h"

namespace manta::detail {

// Of `count` elements from `first` on, in the user's call `what`; not if the error says which element it is of already.
void add_place(ErrorRecord& error, std::uint64_t first, std::uint64_t count, const char* what);

}  // namespace manta::detail
