// The callback thread of a process runs on_ready callbacks and ends the waits of async_get, one after the other, in the
// order in which objects became ready. It is made at the first use.
//
//   open --close()--> on_ready callbacks are dropped --stop()--> the waits are ended, the thread has ended
//
// Invariant: a callback is destroyed without a lock, since its destructor is the user's code.
// Threads:   add from any; close and stop by the owner (what runs is waited for).
// Errors:    an exception of a callback is logged.
#pragma once
#include <functional>
#include <memory>

#include "../../base/build_settings.h"

namespace manta::detail {

class Callbacks {
 public:
  enum class Kind { kOnReady, kAsyncGet };

  Callbacks();
  ~Callbacks() { stop(); }
  Callbacks(const Callbacks&) = delete;
  Callbacks& operator=(const Callbacks&) = delete;

  void add(std::function<void()> callback, Kind kind = Kind::kOnReady);
  void close();
  void stop();

 private:
  struct Shared;
  // Also the thread's, which is left alone when a callback itself ends the session.
  const std::shared_ptr<Shared> shared_;
};

}  // namespace manta::detail
