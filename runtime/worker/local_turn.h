// In a local session one thread at a time runs calls: the one that has the LocalTurn. A thread that waits inside a call
// lets others have it meanwhile. They have it in the order in which they come.
//
// Threads: any. leave() is for the one that has it, or for a thread that its call has started.
#pragma once
#include <condition_variable>
#include <cstdint>
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
    const std::uint64_t place = entering_++;
    free_.wait(lock, [&] { return place == left_; });
  }
  void leave() {
    {
      const std::lock_guard lock(mutex_);
      ++left_;
    }
    free_.notify_all();
  }
  // Whether others wait for it, beside the one that has it.
  bool is_wanted() const {
    const std::lock_guard lock(mutex_);
    return entering_ - left_ > 1;
  }
  void prepare_to_wait() { before_waiting_(); }

 private:
  const std::function<void()> before_waiting_;
  mutable std::mutex mutex_;
  std::condition_variable free_;
  std::uint64_t entering_ = 0;  // how many have come
  std::uint64_t left_ = 0;      // and gone: the turn is that of the one with this number
};

}  // namespace manta::detail
