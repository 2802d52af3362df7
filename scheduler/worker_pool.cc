// In the order of a worker's life: how many to start; started, ready, taken, given back; starts that fail, and when
// they are tried again; at the end which idle workers may leave.
#include "worker_pool.h"

#include <algorithm>

#include "../base/check.h"

namespace manta::scheduler {

// Those of `demand` for which no idle worker is there and none starts.
std::vector<WorkerKind> WorkerPool::missing_for(const std::vector<WorkerKind>& demand) const {
  std::map<WorkerKind, std::size_t> spare = starting_as_;
  for (const Idle& idle : idle_) ++spare[kind_of(idle)];
  std::vector<WorkerKind> missing;
  for (const WorkerKind& kind : demand) {
    if (std::size_t& left = spare[kind]; left > 0) {
      --left;
    } else {
      missing.push_back(kind);
    }
  }
  return missing;
}

const WorkerPool::Starts& WorkerPool::starts_of(const StartedAs& as) const {
  static const Starts none;
  const auto entry = starts_.find(as);
  return entry == starts_.end() ? none : entry->second;
}

bool WorkerPool::failing(const StartedAs& as) const { return failing(starts_of(as)); }

std::set<JobNumber> WorkerPool::failing_jobs() const {
  std::set<JobNumber> jobs;
  for (const auto& [as, starts] : starts_) {
    if (as.environment.empty() && failing(starts)) jobs.insert(as.job);
  }
  return jobs;
}

bool WorkerPool::may_start(const Starts& starts, Time now) const {
  if (!failing(starts)) return true;
  return starts.present != 0 && starts.starting == 0 && now >= starts.retry_at;
}

std::vector<WorkerKind> WorkerPool::to_start(const std::vector<WorkerKind>& demand,
                                             Time now) const {
  // As many as are asked for, or as are missing of `prestart`; what fails is not started for its own sake.
  std::vector<WorkerKind> missing = missing_for(demand);
  const auto plain = static_cast<std::size_t>(
      std::ranges::count_if(missing, [](const WorkerKind& kind) { return kind.is_plain(); }));
  if (starts_of({}).failures == 0 && plain_ + plain < options_.prestart) {
    missing.resize(missing.size() + options_.prestart - plain_ - plain);
  }
  std::vector<StartedAs> tried;  // of those that fail: one at a time
  std::erase_if(missing, [&](const WorkerKind& kind) {
    const StartedAs as = kind.started_as();
    const Starts& starts = starts_of(as);
    if (!failing(starts)) return false;
    if (!may_start(starts, now) || std::ranges::find(tried, as) != tried.end()) return true;
    tried.push_back(as);
    return false;
  });
  const std::size_t counted = workers_.size() - dedicated_;
  const std::size_t room = cap_ - std::min(cap_, counted);
  const std::size_t parallel = options_.parallel - std::min(options_.parallel, starting_);
  missing.resize(std::min({missing.size(), room, parallel}));
  return missing;
}

std::optional<Time> WorkerPool::relax(const std::vector<WorkerKind>& demand, Time now,
                                      bool all_wait) {
  const bool capped = cap_ < options_.limit && workers_.size() - dedicated_ >= cap_ &&
                      starting_ == 0 && !missing_for(demand).empty();
  if (!capped) {
    capped_since_.reset();
    return std::nullopt;
  }
  if (!capped_since_) capped_since_ = now;
  const Time relaxes_at = *capped_since_ + options_.relax_after;
  if (!all_wait && now < relaxes_at) return relaxes_at;
  cap_ = std::min(options_.limit, cap_ + std::max<std::size_t>(1, cap_ / 2));
  capped_since_.reset();
  return std::nullopt;
}

void WorkerPool::started(WorkerId worker, const WorkerKind& kind) {
  const bool fresh = workers_.emplace(worker, Worker{State::kStarting, kind}).second;
  base::check(fresh, "a worker starts once");
  ++starting_;
  ++starting_as_[kind];
  Starts& starts = starts_[kind.started_as()];
  ++starts.starting;
  ++starts.present;
  if (kind.is_plain()) ++plain_;
}

std::size_t& WorkerPool::count_of(State state) {
  switch (state) {
    case State::kStarting:
      return starting_;
    case State::kIdle:
      return idle_count_;
    case State::kTaken:
      return taken_;
    case State::kDedicated:
      return dedicated_;
    case State::kLeaving:
      return leaving_;
  }
  return leaving_;
}

void WorkerPool::move_to(WorkerId worker, State state) {
  auto& [current, kind] = workers_.at(worker);
  const auto counts = [](State in) { return in != State::kDedicated && in != State::kLeaving; };
  if (current == State::kIdle) {
    std::erase_if(idle_, [&](const Idle& idle) { return idle.worker == worker; });
  }
  if (current == State::kStarting) {
    const auto starting = starting_as_.find(kind);
    if (--starting->second == 0) starting_as_.erase(starting);
    --starts_[kind.started_as()].starting;
  }
  if (counts(current) && !counts(state)) {
    --starts_[kind.started_as()].present;
    if (kind.is_plain()) --plain_;
    forget_if_unused(kind.started_as());
  }
  --count_of(current);
  current = state;
  ++count_of(state);
}

void WorkerPool::forget_if_unused(const StartedAs& as) {
  const auto entry = starts_.find(as);
  if (entry == starts_.end()) return;
  const Starts& starts = entry->second;
  if (starts.present == 0 && starts.failures == 0) starts_.erase(entry);
}

void WorkerPool::ready(WorkerId worker, Time now) {
  if (const auto entry = workers_.find(worker); entry != workers_.end()) {
    starts_[entry->second.kind.started_as()].failures = 0;
  }
  give_back(worker, now);
}

void WorkerPool::give_back(WorkerId worker, Time now) {
  const auto entry = workers_.find(worker);
  if (entry == workers_.end()) return;
  move_to(worker, State::kIdle);
  idle_.push_back({.worker = worker, .since = now});
}

std::optional<WorkerId> WorkerPool::take(const WorkerKind& kind) {
  auto idle = std::find_if(idle_.rbegin(), idle_.rend(),
                           [&](const Idle& item) { return kind_of(item) == kind; });
  if (idle == idle_.rend() && (at_limit() || failing(kind.started_as()))) {
    idle = std::find_if(idle_.rbegin(), idle_.rend(),
                        [&](const Idle& item) { return kind.may_use(kind_of(item)); });
  }
  if (idle == idle_.rend()) return std::nullopt;
  const WorkerId worker = idle->worker;
  move_to(worker, State::kTaken);
  return worker;
}

void WorkerPool::dedicate(WorkerId worker) { move_to(worker, State::kDedicated); }

// Each failure beyond the tolerated ones doubles the pause, up to 64 times the first.
void WorkerPool::start_failed(const StartedAs& as, Time now) {
  constexpr int kMostDoublings = 6;
  Starts& starts = starts_[as];
  ++starts.failures;
  const int doublings = std::clamp(starts.failures - options_.max_failures, 0, kMostDoublings);
  starts.retry_at = now + options_.retry_after * (1 << doublings);
}

std::optional<Time> WorkerPool::next_retry(const std::vector<WorkerKind>& demand) const {
  std::optional<Time> next;
  for (const WorkerKind& kind : demand) {
    const Starts& starts = starts_of(kind.started_as());
    if (!failing(starts) || starts.starting > 0 || starts.present == 0) continue;
    if (!next || starts.retry_at < *next) next = starts.retry_at;
  }
  return next;
}

// Workers that are all blocked may be waiting for those that wait for a worker: the pool tries twice as long then.
bool WorkerPool::hopeless(const StartedAs& as, bool anyone_runs) const {
  const Starts& starts = starts_of(as);
  if (starts.starting > 0 || anyone_runs) return false;
  if (starts.failures < (starts.present == 0 ? 1 : 2) * options_.max_failures) return false;
  return std::ranges::none_of(idle_,
                              [&](const Idle& idle) { return kind_of(idle).started_as() == as; });
}

// One more failure, and it is failing again. Of environments of tasks, of which there may be many, nothing is kept.
void WorkerPool::forgive(const StartedAs& as) {
  Starts& starts = starts_[as];
  starts.failures = as.environment.empty() ? options_.max_failures - 1 : 0;
  starts.retry_at = {};
  forget_if_unused(as);
}

void WorkerPool::forget(JobNumber job) {
  std::erase_if(starts_, [&](const auto& entry) { return entry.first.job == job; });
}

void WorkerPool::gone(WorkerId worker, Time now) {
  const auto entry = workers_.find(worker);
  if (entry == workers_.end()) return;
  if (entry->second.state == State::kStarting) start_failed(entry->second.kind.started_as(), now);
  move_to(worker, State::kLeaving);
  --leaving_;
  workers_.erase(worker);
}

Time WorkerPool::leaves_at(const Idle& idle) const {
  const WorkerKind& kind = kind_of(idle);
  if (kind.is_plain()) {
    return plain_ > options_.prestart ? idle.since + options_.idle_for : Time::max();
  }
  const auto alike =
      std::ranges::count_if(idle_, [&](const Idle& other) { return kind.may_use(kind_of(other)); });
  const bool many = static_cast<std::size_t>(alike) > options_.idle_alike;
  return idle.since + (many ? options_.soon : options_.idle_for);
}

std::vector<WorkerId> WorkerPool::surplus(Time now, const IsBusy& busy) {
  std::vector<WorkerId> result;
  for (const Idle& idle : std::vector(idle_)) {  // longest idle first
    if (leaves_at(idle) > now) continue;
    if (busy && busy(idle.worker)) {
      give_back(idle.worker, now);
    } else {
      result.push_back(idle.worker);
      move_to(idle.worker, State::kLeaving);
      cap_ = std::min(options_.cap, options_.limit);
    }
  }
  return result;
}

std::optional<Time> WorkerPool::next_surplus() const {
  Time next = Time::max();
  for (const Idle& idle : idle_) next = std::min(next, leaves_at(idle));
  return next == Time::max() ? std::nullopt : std::optional(next);
}

std::vector<WorkerId> WorkerPool::make_room(const std::vector<WorkerKind>& demand,
                                            const IsBusy& busy) {
  std::vector<WorkerId> result;
  if (!at_limit() || idle_.empty()) return result;
  const std::size_t missing = missing_for(demand).size();
  for (const Idle& idle : std::vector(idle_)) {
    if (leaving_ >= missing) break;
    const WorkerKind& kind = kind_of(idle);
    const bool wanted =
        std::ranges::any_of(demand, [&](const WorkerKind& other) { return other.may_use(kind); });
    if (wanted || (busy && busy(idle.worker))) continue;
    result.push_back(idle.worker);
    move_to(idle.worker, State::kLeaving);
  }
  return result;
}

bool WorkerPool::is_plain(WorkerId worker) const {
  const auto entry = workers_.find(worker);
  return entry != workers_.end() && entry->second.kind.is_plain();
}

}  // namespace manta::scheduler
