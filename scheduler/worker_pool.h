// A WorkerPool knows the worker processes of a node and how many there should be.
//
//   start --> starting --ready()--> idle --take()--> taken --give_back()--> idle
//                |                   |                 |
//                \-- gone() failed   \-- surplus() --> leaving    \-- dedicate() --> dedicated to an actor
//
// Policy: `prestart` plain workers (of job 0) from the beginning and always; more when granted leases wait for one,
//         up to `limit` in all and `parallel` of them starting at a time; a surplus one leaves after
//         `idle_for`. The one that came back last is taken first, because its caches are warm. Dedicated ones
//         are not counted.
// Cap:    tasks that wait lend their CPUs, so that there are more workers than cores. Most wait shortly: so from `cap`
//         workers on it is only after `relax_after`, or when all that work wait, that there may be half as many more;
//         and so on, up to `limit`. When surplus ones leave, the cap is as it was.
// Kinds:  a lease gets a worker of its kind, always of its own job: no process runs the code of two jobs. Where no more
//         can be started (`limit`, failing()) one with another number of threads will do: threads are a matter of
//         speed, environment and GPUs are not. Workers that have an environment of their own, or GPUs, are all surplus
//         when they are idle; of more than `idle_alike` that are alike the oldest leave soon; and at the `limit` idle
//         workers make room for those of other kinds.
// Failure: a worker that ends while starting is a failure of its job's program in its environment. From `max_failures`
//          in a row on that is failing(): the pool makes one attempt at a time, each after a longer pause, as long as
//          there are other workers with it, for which the leases wait. It is hopeless() when none is left that could
//          come back: the caller refuses those that wait, and one attempt is made for each later request.
//
// Invariant: each worker is in exactly one state. Threads: confined. Time is passed in.
#pragma once
#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "job_number.h"
#include "supply.h"

namespace manta::scheduler {

using WorkerId = std::uint64_t;  // the caller's number: the slot of the process
using Time = std::chrono::steady_clock::time_point;
using ThreadCount = std::uint32_t;

using Environment = std::map<std::string, std::string>;

// What makes a start fail or succeed: the program, which is the job's, and the variables that it is started with.
struct StartedAs {
  StartedAs(Environment variables = {}, JobNumber whose = 0)
      : environment(std::move(variables)), job(whose) {}

  Environment environment;
  JobNumber job;
  auto operator<=>(const StartedAs&) const = default;
};

// What is told to the process of a worker when it starts, and stays so.
struct WorkerKind {
  ThreadCount threads = 1;  // that its libraries may use
  Environment environment = {};
  Gpus gpus = {};  // that it sees
  JobNumber job = 0;

  bool is_plain() const { return environment.empty() && gpus.empty(); }
  StartedAs started_as() const { return {environment, job}; }
  // Whether leases of this kind may use a worker of the other, if need be.
  bool may_use(const WorkerKind& other) const {
    return job == other.job && environment == other.environment && gpus == other.gpus;
  }
  auto operator<=>(const WorkerKind&) const = default;
};

struct WorkerPoolOptions {
  std::size_t prestart = 2;
  std::size_t keep = 4;  // plain workers, while they have a lease, however idle
  std::size_t parallel = 4;
  std::size_t limit = 512;
  std::size_t cap = 512;
  std::chrono::milliseconds relax_after{10};
  int max_failures = 3;
  // The first pause; each is twice as long as the one before.
  std::chrono::milliseconds retry_after{100};
  std::chrono::milliseconds idle_for{2000};  // how long a surplus worker stays
  std::size_t idle_alike = 4;
  std::chrono::milliseconds soon{100};
};

class WorkerPool {
 public:
  explicit WorkerPool(WorkerPoolOptions options)
      : options_(options), cap_(std::min(options.cap, options.limit)) {}

  // The processes to start now when leases of such kinds, in the order of `demand`, wait for a worker. The caller then
  // announces each by started(), or by start_failed() if it could not even make the process.
  std::vector<WorkerKind> to_start(const std::vector<WorkerKind>& demand, Time now) const;
  // Before: whether the cap keeps one of them from being started. It is relaxed now, if it is time, or if
  // `all_wait`; else gives when it will be.
  std::optional<Time> relax(const std::vector<WorkerKind>& demand, Time now, bool all_wait);
  void started(WorkerId worker, const WorkerKind& kind = {});
  void start_failed(const StartedAs& as, Time now);

  void ready(WorkerId worker, Time now);                      // it has started, and said hello
  std::optional<WorkerId> take(const WorkerKind& kind = {});  // an idle one, if any is
  void give_back(WorkerId worker, Time now);                  // a taken one is idle again
  void dedicate(WorkerId worker);                             // a taken one will not come back
  void gone(WorkerId worker, Time now);                       // it ended, in whatever state

  // Workers that have been idle too long. They are leaving now, and the caller tells them so. One that `busy` knows to
  // have business of its own (tasks that it submitted) counts as idle from now on.
  using IsBusy = std::function<bool(WorkerId)>;
  std::vector<WorkerId> surplus(Time now, const IsBusy& busy = {});
  // Likewise, at the limit: idle ones in whose place workers for `demand` can be started.
  std::vector<WorkerId> make_room(const std::vector<WorkerKind>& demand, const IsBusy& busy = {});
  // For leases that are not used: how many plain workers there are beyond `keep`. All others are surplus.
  std::size_t plain_surplus() const { return plain_ - std::min(plain_, options_.keep); }
  bool is_plain(WorkerId worker) const;
  // When to ask again; nothing if that is not before the next event.
  std::optional<Time> next_surplus() const;

  bool failing(const StartedAs& as = {}) const;
  std::set<JobNumber> failing_jobs() const;  // whose plain workers are failing
  // When something is started for `demand` that is failing, though there are workers that were started in this way.
  std::optional<Time> next_retry(const std::vector<WorkerKind>& demand) const;
  // Nobody that waits will get a worker. `anyone_runs` says that some taken worker that was started in this way is not
  // blocked itself, so that it will come back. Where all are blocked, perhaps for those that wait, the pool gives up
  // later.
  bool hopeless(const StartedAs& as, bool anyone_runs) const;
  void forgive(const StartedAs& as);  // those that waited have been told so
  void forget(
      JobNumber job);  // it has ended, with all its workers: their failures are forgotten, too

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

  struct Worker {
    State state;
    WorkerKind kind;
  };

  void move_to(WorkerId worker, State state);
  struct Starts {
    int failures = 0;
    Time retry_at{};
    std::size_t starting = 0;
    std::size_t present = 0;  // workers that are neither dedicated nor leaving
  };

  std::size_t& count_of(State state);
  const Starts& starts_of(const StartedAs& as) const;
  bool failing(const Starts& starts) const { return starts.failures >= options_.max_failures; }
  bool may_start(const Starts& starts, Time now) const;
  void forget_if_unused(const StartedAs& as);
  std::vector<WorkerKind> missing_for(const std::vector<WorkerKind>& demand) const;
  const WorkerKind& kind_of(const Idle& idle) const { return workers_.at(idle.worker).kind; }
  Time leaves_at(const Idle& idle) const;  // the end of time: it stays

  WorkerPoolOptions options_;
  std::unordered_map<WorkerId, Worker> workers_;
  std::vector<Idle> idle_;  // longest idle first
  std::map<WorkerKind, std::size_t> starting_as_;
  std::map<StartedAs, Starts> starts_;  // of those that have workers, or fail
  std::size_t plain_ = 0;               // workers that are neither dedicated nor leaving
  std::size_t starting_ = 0;
  std::size_t taken_ = 0;
  std::size_t cap_;
  std::optional<Time> capped_since_;
  std::size_t dedicated_ = 0;
  std::size_t leaving_ = 0;
  std::size_t idle_count_ = 0;
};

}  // namespace manta::scheduler
