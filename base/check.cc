#include "check.h"

#include <cstdio>
#include <cstdlib>

namespace manta::base {

void check_failed(const char* why, const std::source_location& where) noexcept {
  std::fprintf(stderr, "manta: broken invariant: %s (%s:%u, in %s)\n", why, where.file_name(),
               static_cast<unsigned>(where.line()), where.function_name());
  std::abort();
}

}  // namespace manta::base
