// A user's plugin, for programs that know nothing of Manta: 42, computed in a worker.
#include <cstdio>
#include <exception>

#include <manta/manta.h>

static int twice(int x) { return 2 * x; }

// The workers run `program`, a program with Manta, which loads this plugin, `path`.
extern "C" int plugin_answer(const char* program, const char* path) try {
  auto session = manta::init({.worker = {.path = program, .libraries = {path}}});
  return manta::get(manta::remote(twice)(21));
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return -1;
}
