#include <algorithm>

#include <manta/base/check.h>
#include <manta/scheduler/worker_pool.h>

namespace manta::scheduler {

std::size_t WorkerPool::to_start(std::size_t demand) const {
  // The demand, or what `prestart` lacks; a pool that fails starts nothing on its own.
  const std::size_t spare = idle_.size() + starting_;
  std::size_t missing = demand > spare ? demand - spare : 0;
  if (failures_ == 0 && present() < options_.prestart) {
    missing = std::max(missing, options_.prestart - present());
  }
  if (failing()) return 0;
  const std::size_t counted = workers_.size() - dedicated_;
  const std::size_t room = options_.limit - std::min(options_.limit, counted);
  const std::size_t parallel = options_.parallel - std::min(options_.parallel, starting_);
  return std::min({missing, room, parallel});
}

void WorkerPool::started(WorkerId worker) {
  const bool fresh = workers_.emplace(worker, State::kStarting).second;
  base::check(fresh, "a worker starts once");
  ++starting_;
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
  State& current = workers_.at(worker);
  if (current == State::kIdle) {
    std::erase_if(idle_, [&](const Idle& idle) { return idle.worker == worker; });
  }
  --count_of(current);
  current = state;
  ++count_of(state);
}

void WorkerPool::ready(WorkerId worker, Time now) {
  failures_ = 0;
  give_back(worker, now);
}

void WorkerPool::give_back(WorkerId worker, Time now) {
  if (!workers_.contains(worker)) return;
  move_to(worker, State::kIdle);
  idle_.push_back({.worker = worker, .since = now});
}

std::optional<WorkerId> WorkerPool::take() {
  if (idle_.empty()) return std::nullopt;
  const WorkerId worker = idle_.back().worker;
  move_to(worker, State::kTaken);
  return worker;
}

void WorkerPool::dedicate(WorkerId worker) { move_to(worker, State::kDedicated); }

void WorkerPool::gone(WorkerId worker) {
  const auto entry = workers_.find(worker);
  if (entry == workers_.end()) return;
  if (entry->second == State::kStarting) ++failures_;
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
