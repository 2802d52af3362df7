// A WorkerPool knows the worker processes of a node and how many there should be.
//
//   start --> starting --ready()--> idle --take()--> taken --give_back()--> idle
//                |                   |                 |
//                \-- gone() failed   \-- surplus() --> leaving    \-- dedicate() --> dedicated to an actor
//
// Policy: `prestart` workers from the beginning and always; more when granted leases wait for one,
//         up to `limit` in all and `parallel` of them starting at a time; a surplus one leaves after
//         `idle_for`. The one that came back last is taken first, because its caches are warm. Dedicated ones
//         are not counted.
// Threads of libraries: a lease gets a worker with its number of threads; `prestart` workers have one. Where no more
//         can be started (`limit`, failing()) any idle worker will do: threads are a matter of speed.
// Failure: a worker that ends while starting is a failure. From `max_failures` in a row on the pool is
//          failing(): it makes one attempt at a time, each after a longer pause, as long as it has other
//          workers, for which the leases wait. It is hopeless() when none is left that could come back: the
//          caller refuses those who wait, and one attempt is made for each later request.
//
// Invariant: each worker is in exactly one state. Threads: confined. Time is passed in.
#pragma once
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <unordered_map>
#include <vector>

#include "../base/build_settings.h"

namespace manta::scheduler {

using WorkerId = std::uint64_t;  // the caller's number: the slot of the process
using Time = std::chrono::steady_clock::time_point;
// How many threads the libraries in a worker may use: told to the process when it starts, it stays so.
using ThreadCount = std::uint32_t;

struct WorkerPoolOptions {
  std::size_t prestart = 2;
  std::size_t parallel = 4;
  std::size_t limit = 512;
  int max_failures = 3;
  std::chrono::milliseconds retry_after{
      100};  // the first pause; each is twice as long as the one before
  std::chrono::milliseconds idle_for{2000};  // how long a surplus worker stays
};

class WorkerPool {
 public:
  explicit WorkerPool(WorkerPoolOptions options) : options_(options) {}

  // The processes to start now, each with its number of threads, when leases with such numbers, in the order of
  // `demand`, wait for a worker. The caller then announces each by started(), or by start_failed() if it could not
  // even make the process.
  std::vector<ThreadCount> to_start(const std::vector<ThreadCount>& demand, Time now) const;
  void started(WorkerId worker, ThreadCount threads = 1);
  void start_failed(Time now);

  void ready(WorkerId worker, Time now);                  // it has started, and said hello
  std::optional<WorkerId> take(ThreadCount threads = 1);  // an idle one, if any is
  void give_back(WorkerId worker, Time now);              // a taken one is idle again
  void dedicate(WorkerId worker);                         // a taken one will not come back
  void gone(WorkerId worker, Time now);                   // it ended, in whatever state

  // Workers beyond `prestart` that have been idle too long. They are leaving now, and the caller tells them so. One
  // that `busy` knows to have business of its own (tasks that it submitted) counts as idle from now on.
  std::vector<WorkerId> surplus(Time now, const std::function<bool(WorkerId)>& busy = {});
  // When to ask again; nothing if that is not before the next event.
  std::optional<Time> next_surplus() const;

  bool failing() const { return failures_ >= options_.max_failures; }
  std::optional<Time> next_retry() const;  // when a failing pool that has workers tries again
  // Nobody who waits will get a worker. `anyone_runs` says that some taken worker is not blocked itself, so that it
  // will come back. Where all are blocked, perhaps for those who wait, the pool gives up later.
  bool hopeless(bool anyone_runs) const;
  void forgive();  // those who waited have been told so

  bool at_limit() const { return workers_.size() - dedicated_ >= options_.limit; }
  std::size_t size() const { return workers_.size(); }
  std::size_t idle() const { return idle_.size(); }
  std::size_t starting() const { return starting_; }
  std::size_t working() const { return taken_; }

 private:
  enum class State { kStarting, kIdle, kTaken, kDedicated, kLeaving };
  struct Idle {
    WorkerId worker;
    ThreadCount threads;
    Time since;
  };

  struct Worker {
    State state;
    ThreadCount threads;
  };

  void move_to(WorkerId worker, State state);
  std::size_t& count_of(State state);
  std::size_t present() const { return workers_.size() - dedicated_ - leaving_; }

  WorkerPoolOptions options_;
  std::unordered_map<WorkerId, Worker> workers_;
  std::vector<Idle> idle_;  // longest idle first
  std::map<ThreadCount, std::size_t> starting_with_;
  std::size_t starting_ = 0;
  std::size_t taken_ = 0;
  std::size_t dedicated_ = 0;
  std::size_t leaving_ = 0;
  std::size_t idle_count_ = 0;
  int failures_ = 0;
  Time retry_at_{};
};

}  // namespace manta::scheduler
