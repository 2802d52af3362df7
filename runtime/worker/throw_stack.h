// Where an exception was thrown, for the thread that runs a task.
//
//   try { user_code(); } catch (const EveryThrow&) {} catch (...) { ... last_throw_stack() ... }
//
// An EveryThrow is never thrown or caught: the search for a handler comes by it before the stack is unwound, and takes
// down the stack on the way (throw_stack.cc).
// Threads: each has its own last throw. Errors: none.
#pragma once
#include <string>

#include "../../base/build_settings.h"

namespace manta::detail {

class EveryThrow {
 public:
  virtual ~EveryThrow();  // nowhere: that leaves it to throw_stack.cc to define the type's description
};

// The stack of the last exception that this thread has thrown, as encode_stack() makes it; empty outside of tasks.
// Asking for it forgets it.
std::string last_throw_stack();

}  // namespace manta::detail
