#include "worker_pool.h"

#include <algorithm>

#include "../base/check.h"

namespace manta::scheduler {

std::vector<ThreadCount> WorkerPool::to_start(const std::vector<ThreadCount>& demand,
                                              Time now) const {
  if (failing() && (present() == 0 || starting_ > 0 || now < retry_at_)) return {};
  // As many as are asked for, or as are missing of `prestart`; a pool that fails starts nothing of its own accord.
  std::map<ThreadCount, std::size_t> spare = starting_with_;
  for (const Idle& idle : idle_) ++spare[idle.threads];
  std::vector<ThreadCount> missing;
  for (const ThreadCount threads : demand) {
    if (std::size_t& left = spare[threads]; left > 0) {
      --left;
    } else {
      missing.push_back(threads);
    }
  }
  if (failures_ == 0 && present() + missing.size() < options_.prestart) {
    missing.resize(options_.prestart - present(), 1);
  }
  const std::size_t counted = workers_.size() - dedicated_;
  const std::size_t room = options_.limit - std::min(options_.limit, counted);
  const std::size_t at_a_time = failing() ? 1 : options_.parallel;
  const std::size_t parallel = at_a_time - std::min(at_a_time, starting_);
  missing.resize(std::min({missing.size(), room, parallel}));
  return missing;
}

void WorkerPool::started(WorkerId worker, ThreadCount threads) {
  const Worker starting{.state = State::kStarting, .threads = threads};
  const bool fresh = workers_.emplace(worker, starting).second;
  base::check(fresh, "a worker starts once");
  ++starting_;
  ++starting_with_[threads];
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
  auto& [current, threads] = workers_.at(worker);
  if (current == State::kIdle) {
    std::erase_if(idle_, [&](const Idle& idle) { return idle.worker == worker; });
  }
  if (current == State::kStarting) --starting_with_[threads];
  --count_of(current);
  current = state;
  ++count_of(state);
}

void WorkerPool::ready(WorkerId worker, Time now) {
  failures_ = 0;
  give_back(worker, now);
}

void WorkerPool::give_back(WorkerId worker, Time now) {
  const auto entry = workers_.find(worker);
  if (entry == workers_.end()) return;
  move_to(worker, State::kIdle);
  idle_.push_back({.worker = worker, .threads = entry->second.threads, .since = now});
}

std::optional<WorkerId> WorkerPool::take(ThreadCount threads) {
  auto idle = std::find_if(idle_.rbegin(), idle_.rend(),
                           [&](const Idle& item) { return item.threads == threads; });
  if (idle == idle_.rend() && (at_limit() || failing())) idle = idle_.rbegin();
  if (idle == idle_.rend()) return std::nullopt;
  const WorkerId worker = idle->worker;
  move_to(worker, State::kTaken);
  return worker;
}

void WorkerPool::dedicate(WorkerId worker) { move_to(worker, State::kDedicated); }

// Each failure beyond the tolerated ones doubles the pause, up to 64 times the first.
void WorkerPool::start_failed(Time now) {
  constexpr int kMostDoublings = 6;
  ++failures_;
  const int doublings = std::clamp(failures_ - options_.max_failures, 0, kMostDoublings);
  retry_at_ = now + options_.retry_after * (1 << doublings);
}

std::optional<Time> WorkerPool::next_retry() const {
  if (!failing() || starting_ > 0 || present() == 0) return std::nullopt;
  return retry_at_;
}

// Workers that are all blocked may be waiting for those who wait for a worker: the pool tries twice as long then.
bool WorkerPool::hopeless(bool anyone_runs) const {
  if (starting_ > 0 || !idle_.empty() || anyone_runs) return false;
  return failures_ >= (present() == 0 ? 1 : 2) * options_.max_failures;
}

// One more failure, and the pool is failing again.
void WorkerPool::forgive() {
  failures_ = options_.max_failures - 1;
  retry_at_ = {};
}

void WorkerPool::gone(WorkerId worker, Time now) {
  const auto entry = workers_.find(worker);
  if (entry == workers_.end()) return;
  if (entry->second.state == State::kStarting) start_failed(now);
  move_to(worker, State::kLeaving);
  --leaving_;
  workers_.erase(worker);
}

std::vector<WorkerId> WorkerPool::surplus(Time now, const std::function<bool(WorkerId)>& busy) {
  std::vector<WorkerId> result;
  while (next_surplus() && *next_surplus() <= now) {
    const WorkerId worker = idle_.front().worker;
    if (busy && busy(worker)) {
      give_back(worker, now);
    } else {
      result.push_back(worker);
      move_to(worker, State::kLeaving);
    }
  }
  return result;
}

std::optional<Time> WorkerPool::next_surplus() const {
  if (idle_.empty() || present() <= options_.prestart) return std::nullopt;
  return idle_.front().since + options_.idle_for;
}

}  // namespace manta::scheduler
