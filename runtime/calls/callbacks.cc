#include "callbacks.h"

#include <cstdio>
#include <exception>
#include <pthread.h>

#include "../../base/start_affinity.h"

namespace manta::detail {
namespace {

void run_one(const std::function<void()>& callback) {
  try {
    callback();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "manta: an on_ready callback threw: %s\n", error.what());
  } catch (...) {
    std::fprintf(stderr, "manta: an on_ready callback threw something that is no std::exception\n");
  }
}

}  // namespace

void Callbacks::add(std::function<void()> callback) {
  const std::lock_guard lock(mutex_);
  if (stopping_) return;
  queue_.push_back(std::move(callback));
  if (!thread_.joinable()) thread_ = std::thread([this] { run(); });
  wake_.notify_one();
}

void Callbacks::run() {
  pthread_setname_np(pthread_self(), "manta-callbacks");
  base::run_on_start_cores();
  std::unique_lock lock(mutex_);
  while (true) {
    wake_.wait(lock, [&] { return stopping_ || !queue_.empty(); });
    if (stopping_) return;
    const auto callback = std::move(queue_.front());
    queue_.pop_front();
    lock.unlock();
    run_one(callback);
    lock.lock();
  }
}

void Callbacks::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    queue_.clear();
  }
  wake_.notify_one();
  if (!thread_.joinable()) return;
  if (thread_.get_id() == std::this_thread::get_id()) {
    thread_.detach();  // shutdown from inside a callback: it ends when that returns
  } else {
    thread_.join();
  }
}

}  // namespace manta::detail
