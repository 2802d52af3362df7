#include "parallel.h"

#include <chrono>

#include "../../base/error.h"
#include "../waiting/wait_objects.h"

namespace manta::detail {
namespace {

constexpr std::chrono::milliseconds kPatience(20);  // workers that must be started take half of it

}  // namespace

void wait_for_a_first_run(const ObjectEntryRef& result) {
  (void)wait_done(*result, deadline_of(Timeout(kPatience)));
}

void refuse_empty_range() {
  throw InvalidArgument(
      "manta::map_reduce(): the range is empty, so there is no result; give an initial value as "
      "the fourth argument");
}

void refuse_dimensions(std::size_t dimensions) {
  throw InvalidArgument("manta::map(), map_reduce(), parallel_for(): the array has " +
                        std::to_string(dimensions) +
                        " dimensions, so what its elements are is not clear: reshape() it to one, "
                        "or use std::views::iota() for the rows and slice() in the function");
}

void refuse_short_range() {
  throw InvalidArgument(
      "manta::map(), map_reduce(), parallel_for(): the range has fewer elements than its size() "
      "says, or lost some meanwhile");
}

void refuse_sign() {
  throw InvalidArgument(
      "manta::map(), map_reduce(), parallel_for(): a std::pair of a negative and an unsigned "
      "integer is no range: give both the same type");
}

}  // namespace manta::detail
