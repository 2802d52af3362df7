// The numbers in the ids of what a process makes, from `first` on and before `end`.
#pragma once
#include <cstdint>

namespace manta::detail {

struct NumberRange {
  std::uint64_t first = 0;
  std::uint64_t end = UINT64_MAX;
};

}  // namespace manta::detail
