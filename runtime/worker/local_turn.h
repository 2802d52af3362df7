// In a local session one thread at a time runs calls: the one that has the LocalTurn. A thread that waits inside a call
// lets others have it meanwhile.
//
// Threads: any. leave() is for the one that has it, or for a thread that its call has started.
#pragma once
#include <condition_variable>
#include <functional>
#include <mutex>
#include <utility>

#include "../../base/build_settings.h"

namespace manta::detail {

class LocalTurn {
 public:
  // `before_waiting` is called when a call is about to wait: somebody must be there to run others.
  explicit LocalTurn(std::function<void()> before_waiting)
      : before_waiting_(std::move(before_waiting)) {}

  void enter() {
    std::unique_lock lock(mutex_);
    free_.wait(lock, [this] { return !taken_; });
    taken_ = true;
  }
  void leave() {
    {
      const std::lock_guard lock(mutex_);
      taken_ = false;
    }
    free_.notify_one();
  }
  void prepare_to_wait() { before_waiting_(); }

 private:
  const std::function<void()> before_waiting_;
  std::mutex mutex_;
  std::condition_variable free_;
  bool taken_ = false;
};

}  // namespace manta::detail
