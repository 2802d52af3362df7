// The main of a program that is linked with -Wl,--wrap=main: the startup code calls __wrap_main, and __real_main is
// what the user has written. They are hidden, so that a shared library that has them by mistake gives them to nobody.
#include "../../base/start_affinity.h"
#include "entry.h"

namespace {

using Initializer = void (*)(int, char**, char**);

void before_libraries(int, char**, char**) { manta::base::note_start_affinity(); }

// The dynamic loader calls these before it initializes any library (DT_PREINIT_ARRAY); a library may have none.
[[gnu::section(".preinit_array"), gnu::used]] const Initializer first = before_libraries;

}  // namespace

extern "C" {
// Weak: there is none in a library that was linked as a whole with libmanta.a.
[[gnu::weak]] int __real_main(int argc, char** argv, char** envp);

[[gnu::visibility("hidden")]] extern const manta::detail::Main manta_users_main = __real_main;

[[gnu::used, gnu::visibility("hidden")]] int __wrap_main(int argc, char** argv, char** envp) {
  return manta::detail::enter(__real_main, argc, argv, envp);
}
}
