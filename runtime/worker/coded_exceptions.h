// The standard exceptions that carry an error code: system_error and what derives from it, future_error, regex_error.
#pragma once
#include <vector>

#include "exceptions.h"

namespace manta::detail {

std::vector<ExceptionType> coded_exceptions();

}  // namespace manta::detail
