#include <manta/base/error.h>
#include <manta/runtime/stub.h>

namespace manta::detail {

void give_unpacked_mismatch(CallContext& call, std::size_t got) {
  throw InvalidArgument("unpack(" + std::to_string(call.result_count()) +
                        "): the function returned a vector of " + std::to_string(got) +
                        " elements");
}

}  // namespace manta::detail
