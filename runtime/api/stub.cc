#include "stub.h"

#include "../../base/error.h"

namespace manta::detail {

void give_unpacked_mismatch(CallContext& call, std::size_t got) {
  throw InvalidArgument("unpack(" + std::to_string(call.result_count()) +
                        "): the function returned a vector of " + std::to_string(got) +
                        " elements");
}

void check_extent(std::size_t size, std::size_t wanted) {
  if (size == wanted) return;
  throw SerializationError("a parameter is a std::span of " + std::to_string(wanted) +
                           " elements, its argument has " + std::to_string(size));
}

}  // namespace manta::detail
