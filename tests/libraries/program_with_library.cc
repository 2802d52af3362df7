// Uses Manta itself, and through a library; the session is opened here or there.
#include <cstdio>
#include <cstring>

#include "core_library.h"

namespace {
int twice(int x) { return 2 * x; }

int use() {
  std::printf("twice: %d\n", manta::get(manta::remote(twice)(21)));
  std::printf("squared: %d\n", core::squared_in_a_task(5));
  return 0;
}
}  // namespace

int main(int argc, char** argv) {
  if (argc > 1 && std::strcmp(argv[1], "library") == 0) {
    const auto session = core::open_session();
    return use();
  }
  const auto session = manta::init({.cpus = 1});
  return use();
}
