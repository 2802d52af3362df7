#include "callbacks.h"

#include <condition_variable>
#include <cstdio>
#include <deque>
#include <exception>
#include <mutex>
#include <pthread.h>
#include <thread>
#include <utility>

#include "../../base/start_affinity.h"

namespace manta::detail {
namespace {

struct Callback {
  std::function<void()> call;
  Callbacks::Kind kind;
};
using Queue = std::deque<Callback>;

void run_one(const Callback& callback) {
  const char* const what =
      callback.kind == Callbacks::Kind::kOnReady ? "on_ready callback" : "async_get handler";
  try {
    callback.call();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "manta: an %s threw: %s\n", what, error.what());
  } catch (...) {
    std::fprintf(stderr, "manta: an %s threw something that is no std::exception\n", what);
  }
}

}  // namespace

struct Callbacks::Shared {
  // Runs what is in the queue, also what comes meanwhile. `lock` is of the mutex, and free while a callback runs.
  void run_queued(std::unique_lock<std::mutex>& lock) {
    while (!queue.empty()) {
      Callback next = std::move(queue.front());
      queue.pop_front();
      lock.unlock();
      run_one(next);
      next.call = nullptr;
      lock.lock();
    }
  }

  void run() {
    pthread_setname_np(pthread_self(), "manta-callbacks");
    base::run_on_start_cores();
    std::unique_lock lock(mutex);
    while (true) {
      run_queued(lock);
      if (stopping) return;
      wake.wait(lock);
    }
  }

  std::mutex mutex;
  std::condition_variable wake;
  Queue queue;
  Queue dropped;  // until stop()
  bool closed = false;
  bool stopping = false;
  std::thread thread;
};

Callbacks::Callbacks() : shared_(std::make_shared<Shared>()) {}

void Callbacks::add(std::function<void()> callback, Kind kind) {
  Shared& shared = *shared_;
  const std::lock_guard lock(shared.mutex);
  if (shared.closed && kind == Kind::kOnReady) {
    shared.dropped.push_back({std::move(callback), kind});
    return;
  }
  const bool asleep = shared.queue.empty();
  shared.queue.push_back({std::move(callback), kind});
  if (!shared.thread.joinable()) shared.thread = std::thread([kept = shared_] { kept->run(); });
  if (asleep) shared.wake.notify_one();
}

void Callbacks::close() {
  const std::lock_guard lock(shared_->mutex);
  shared_->closed = true;
  std::erase_if(shared_->queue, [&](Callback& callback) {
    if (callback.kind != Kind::kOnReady) return false;
    shared_->dropped.push_back(std::move(callback));
    return true;
  });
}

void Callbacks::stop() {
  close();
  Shared& shared = *shared_;
  std::unique_lock lock(shared.mutex);
  shared.stopping = true;
  shared.wake.notify_one();
  if (shared.thread.get_id() == std::this_thread::get_id()) {
    shared.run_queued(lock);  // shutdown from inside a callback: the thread ends when that returns
    shared.thread.detach();
  }
  std::thread thread = std::move(shared.thread);
  lock.unlock();
  if (thread.joinable()) thread.join();
  lock.lock();
  const Queue dropped = std::move(shared.dropped);
  lock.unlock();
}

}  // namespace manta::detail
