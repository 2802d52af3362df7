#include "cancelled_error.h"

#include "../ownership/error_values.h"

namespace manta::detail {

Value cancelled_error(const Call& call, const char* how_it_ended) {
  const std::string function = call.display_name();
  return value_of(error_of(ErrorKind::kCancelled,
                           function + " was cancelled by manta::cancel(): " + how_it_ended,
                           function));
}

}  // namespace manta::detail
