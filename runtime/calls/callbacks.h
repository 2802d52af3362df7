// The callback thread of a process runs on_ready callbacks, one after the other, in the order in which objects became
// ready. It is made at the first use.
//
// Threads: add from any; stop by the owner (what is queued is dropped, what runs is waited for).
// Errors:  an exception of a callback is logged.
#pragma once
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

#include "../../base/build_settings.h"

namespace manta::detail {

class Callbacks {
 public:
  ~Callbacks() { stop(); }
  void add(std::function<void()> callback);
  void stop();

 private:
  void run();

  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::function<void()>> queue_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace manta::detail
