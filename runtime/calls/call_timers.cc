#include "call_timers.h"

#include <pthread.h>

#include "../../base/signals_blocked.h"
#include "../../base/start_affinity.h"
#include "call.h"

namespace manta::detail {

CallTimers::Key CallTimers::add(Call& call, Time when) {
  const std::lock_guard lock(mutex_);
  const Key key{when, added_++};
  if (stopping_) return key;
  if (!thread_.joinable()) {
    const base::SignalsBlocked inherited_by_the_thread;
    thread_ = std::thread([this] { run(); });
  }
  calls_.emplace(key, &call);
  if (calls_.begin()->first == key) wake_.notify_one();
  return key;
}

void CallTimers::remove(const Key& key) {
  const std::lock_guard lock(mutex_);
  calls_.erase(key);
}

// A call whose last reference is gone waits in its destructor for remove().
std::vector<base::Ref<Call>> CallTimers::take_due() {
  std::vector<base::Ref<Call>> due;
  const std::lock_guard lock(mutex_);
  if (!told_) return due;
  const auto now = std::chrono::steady_clock::now();
  while (!calls_.empty() && calls_.begin()->first.first <= now) {
    Call* const call = calls_.begin()->second;
    if (call->try_retain()) due.push_back(base::Ref<Call>::adopt(call));
    calls_.erase(calls_.begin());
  }
  told_ = false;
  wake_.notify_one();
  return due;
}

void CallTimers::run() {
  pthread_setname_np(pthread_self(), "manta-timers");
  base::run_on_start_cores();
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    if (told_ || calls_.empty()) {
      wake_.wait(lock);
    } else if (const Time first = calls_.begin()->first.first;
               first > std::chrono::steady_clock::now()) {
      wake_.wait_until(lock, first);
    } else {
      told_ = true;
      lock.unlock();
      ring_();
      lock.lock();
    }
  }
}

void CallTimers::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    calls_.clear();
  }
  wake_.notify_one();
  if (thread_.joinable()) thread_.join();
}

}  // namespace manta::detail
