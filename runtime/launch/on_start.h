// An OnStart is what every process that runs user code does once, before any task: set a locale, register serializers,
// set up a library.
//
//   static const manta::OnStart setup{[] { std::setlocale(LC_ALL, ""); }};   // at namespace scope
//
// The functions run in the order of their definitions (as far as static constructors have an order), once per process:
// in a worker before its first task, in the driver inside init().
// Errors: an exception leaves init() in the driver; a worker says so and ends. Threads: define it from any thread.
#pragma once
#include <functional>

#include "../../base/build_settings.h"

namespace manta {

class OnStart {
 public:
  // `fn` runs once in this process: at its start, or inside the next init() if the start is over.
  explicit OnStart(std::function<void()> fn);
};

namespace detail {

// Runs those that have not run yet in this process. Threads: any; a second caller waits for the first.
void run_on_start();

}  // namespace detail
}  // namespace manta
