// Errors as values: an object that failed holds a Value whose meta is an ErrorRecord.
//
// Threads: any.
#pragma once
#include <cstddef>
#include <string_view>

#include "../../objectstore/store.h"
#include "../wire/error_record.h"
#include "value.h"

namespace manta::detail {

// Where an error is made: from there on it is a Value, which each object that fails with it gets a copy of.
Value value_of(const ErrorRecord& error);
Value copy_of(const Value& error);  // errors have neither buffers nor references
// Where it is shown, thrown, or passed on with one more step of its path.
ErrorRecord record_of(const Value& error);

// Of `what`, of `size` bytes, which has found no room in the store and does not wait for it (decision 036).
ErrorRecord no_room_error(objectstore::StoreError error, const objectstore::Store& store,
                          std::size_t size, std::string_view what, std::string_view function = {});

}  // namespace manta::detail
