// A WorkerPool knows the worker processes of a node and how many there should be.
//
//   start --> starting --ready()--> idle --take()--> taken --give_back()--> idle
//                |                   |                 |
//                \-- gone() failed   \-- surplus() --> leaving    \--dedicate()--> dedicated (an
//                actor's)
//
// Policy: `prestart` workers from the beginning and always; more when granted leases wait for one,
//         up to `limit` in all and `parallel` starting at a time; a surplus one leaves after
//         `idle_for`. Who comes back last is taken first (warm caches). Dedicated ones are not
//         counted.
// Failure: a worker that ends while starting counts; from `max_failures` in a row on the pool is
//          failing(): one attempt at a time, each after a longer pause, as long as there are other
//          workers, for which the leases wait. hopeless(): none is left that could come back, so
//          the caller refuses who waits; then one attempt is made per later request.
//
// Invariant: each worker is in exactly one state. Threads: confined. Time is passed in.
#pragma once
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <unordered_map>
#include <vector>

#include "../base/build_settings.h"

namespace manta::scheduler {

using WorkerId = std::uint64_t;  // the caller's number: the slot of the process
using Time = std::chrono::steady_clock::time_point;

struct WorkerPoolOptions {
  std::size_t prestart = 2;
  std::size_t parallel = 4;
  std::size_t limit = 512;
  int max_failures = 3;
  std::chrono::milliseconds retry_after{100};  // the first; each pause is twice the one before
  std::chrono::milliseconds idle_for{2000};
};

class WorkerPool {
 public:
  explicit WorkerPool(WorkerPoolOptions options) : options_(options) {}

  // How many processes to start now, when `demand` leases wait for a worker. Each is then announced
  // by started(), or by start_failed() if there is not even a process.
  std::size_t to_start(std::size_t demand, Time now) const;
  void started(WorkerId worker);
  void start_failed(Time now);

  void ready(WorkerId worker, Time now);  // it said hello
  std::optional<WorkerId> take();         // an idle one
  void give_back(WorkerId worker, Time now);
  void dedicate(WorkerId worker);        // a taken one will not come back
  void gone(WorkerId worker, Time now);  // it ended, in whatever state

  // Idle workers beyond `prestart` that have been idle too long: now leaving, tell them. One that
  // `busy` knows to have business of its own (tasks that it submitted) counts as idle from now.
  std::vector<WorkerId> surplus(Time now, const std::function<bool(WorkerId)>& busy = {});
  std::optional<Time> next_surplus()
      const;  // when to ask again; nothing: not before the next event

  bool failing() const { return failures_ >= options_.max_failures; }
  std::optional<Time> next_retry() const;  // of a failing pool that has workers
  // Nobody who waits will get a worker. `anyone_runs`: a taken one is not blocked itself, so that it
  // will come back. Where all are blocked, perhaps for those who wait, the pool gives up later.
  bool hopeless(bool anyone_runs) const;
  void forgive();  // those who waited have been told

  bool at_limit() const { return workers_.size() - dedicated_ >= options_.limit; }
  std::size_t size() const { return workers_.size(); }
  std::size_t idle() const { return idle_.size(); }
  std::size_t starting() const { return starting_; }
  std::size_t working() const { return taken_; }

 private:
  enum class State { kStarting, kIdle, kTaken, kDedicated, kLeaving };
  struct Idle {
    WorkerId worker;
    Time since;
  };

  void move_to(WorkerId worker, State state);
  std::size_t& count_of(State state);
  std::size_t present() const { return workers_.size() - dedicated_ - leaving_; }

  WorkerPoolOptions options_;
  std::unordered_map<WorkerId, State> workers_;
  std::vector<Idle> idle_;  // oldest first
  std::size_t starting_ = 0;
  std::size_t taken_ = 0;
  std::size_t dedicated_ = 0;
  std::size_t leaving_ = 0;
  std::size_t idle_count_ = 0;
  int failures_ = 0;
  Time retry_at_{};
};

}  // namespace manta::scheduler
