// How many addresses the object store has in each process, which maps all of them, and twice (to read, and to fill):
// for its memory more than the budget can fill, so that free memory in pieces makes room for a large object, too;
// behind it for the overflow, which is where the store continues when its memory is full of what is in use.
//
// Where a process has few addresses (`ulimit -v`, valgrind, an emulator) the memory has as many as its budget, and
// there is no overflow. Where files must be small (`ulimit -f`) the memory has as many as its budget, too.
//
// Threads: any. Units: bytes. Errors: none.
#pragma once
#include <cstdint>

#include "../../base/build_settings.h"

namespace manta::detail {

struct StoreAddresses {
  std::uint64_t memory = 0;
  std::uint64_t overflow = 0;  // at most
};

StoreAddresses store_addresses(std::uint64_t budget, bool overflow);

}  // namespace manta::detail
