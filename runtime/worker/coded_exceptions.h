// The standard exceptions that carry an error code: std::system_error and what derives from it, std::future_error,
// std::regex_error. They are a part of the table in exception_types.cc.
#pragma once
#include <vector>

#include "exception_types.h"

namespace manta::detail {

std::vector<ExceptionType> coded_exceptions();

}  // namespace manta::detail
