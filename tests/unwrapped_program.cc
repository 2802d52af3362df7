// Linked without the wrapped main: as InitOptions::worker.path it would start itself, if init() let it.
#include <cstdio>

#include <manta/manta.h>

int main(int, char** argv) {
  try {
    auto session = manta::init({.worker = {.path = argv[0]}});
    std::puts("a session without the wrapped main");
  } catch (const manta::Error& error) {
    std::printf("unwrapped: %s\n", error.what());
    std::fflush(stdout);
    return 1;
  }
  return 0;
}
