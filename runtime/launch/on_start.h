// What every process that runs user code needs once, before any task: a locale, serializers, a
// library's set-up.
//
//   static const manta::OnStart setup{[] { std::setlocale(LC_ALL, ""); }};   // at namespace scope
//
// Runs in the order of definition (as far as static constructors have one), in workers before their
// first task and in the driver inside init(), once per process. An exception ends what it runs in.
#pragma once
#include <functional>

#include "../../base/build_settings.h"

namespace manta {

class OnStart {
 public:
  explicit OnStart(std::function<void()> fn);
};

namespace detail {

// Runs what has not run yet in this process. Threads: any; a second caller waits for the first.
void run_on_start();

}  // namespace detail
}  // namespace manta
