// In the order of a task: its queue; a lease with room, and asking for one (pump); giving leases back; replies; the
// loop of the baton (poll, flush); what the node says; deaths; questions.
#include "task_sender.h"

#include <algorithm>

#include "../../base/number_text.h"
#include "cancelled_error.h"
#include "missed_result.h"
#include "retries.h"

namespace manta::detail {
namespace {

constexpr std::uint64_t kWindow = 200'000;  // ns of estimated work in flight on a lease
constexpr std::size_t kMaxInFlight = 1024;
// After a call for which memory ran out: twice as long each time.
constexpr std::chrono::milliseconds kFirstRest(100);
constexpr unsigned kMostDoublings = 7;
// How long a lease is used at least while there is work for it, though others wait: to hand a worker over takes some
// 50 us, so owners that all have many tiny tasks must not do so for each burst.
constexpr std::chrono::microseconds kTenure(1000);

}  // namespace

TaskSender::Queue* TaskSender::find_queue(const Call& call) const {
  const TaskOptions& options = call.site().options();
  const bool plain = call.site().is_plain();
  for (const auto& queue : queues_) {
    if (queue->options == &options) return queue.get();
    const bool both_plain = plain && queue->first_site->is_plain();
    if (both_plain && queue->options->cpus == options.cpus) return queue.get();
  }
  if (plain) return nullptr;
  const TaskShape shape = shape_of(options);
  for (const auto& queue : queues_) {
    if (queue->options->cpus == options.cpus && queue->shape == shape) return queue.get();
  }
  return nullptr;
}

TaskSender::Queue& TaskSender::queue_of(const Call& call) {
  if (Queue* const known = find_queue(call)) return *known;
  auto queue = std::make_unique<Queue>();
  queue->key = static_cast<std::uint32_t>(queues_.size());
  queue->first_site = call.shared_site();
  queue->options = &call.site().options();
  queue->shape = shape_of(*queue->options);
  queues_.push_back(std::move(queue));
  return *queues_.back();
}

base::Ref<Call> TaskSender::take(const Call& queued) { return queue_of(queued).calls.take(queued); }

base::Ref<Call> TaskSender::take_resting(const Call& resting) {
  const auto found = std::ranges::find(resting_, &resting, &base::Ref<Call>::get);
  base::Ref<Call> call = std::move(*found);
  resting_.erase(found);
  return call;
}

void TaskSender::submit(base::Ref<Call> ready) {
  Queue& queue = queue_of(*ready);
  queue.calls.push_back(std::move(ready));
}

// A chunk of a range is one of many, and is sent while the one before it runs, whatever its size: no worker has
// to wait for the next. If one is idle in the end, it is asked for (steal_back).
TaskSender::Lease* TaskSender::lease_with_room(Queue& queue, std::uint64_t estimate_ns) {
  const bool is_chunk = queue.calls.front()->site().elements() > 1;
  Lease* ahead = nullptr;
  for (auto& lease : queue.leases) {
    const auto& lane = lease->lane;
    if (lease->returning) continue;
    if (lane.in_flight() == 0) {
      lease->blocked = false;  // what it gave back was the last
      return lease.get();
    }
    if (lease->blocked || overdue(*lease)) continue;
    const bool fits =
        lane.estimated_ns() + estimate_ns <= kWindow && lane.in_flight() < kMaxInFlight;
    if (fits && !is_chunk) return lease.get();
    if (is_chunk && ahead == nullptr && (fits || lane.in_flight() == 1)) ahead = lease.get();
  }
  return ahead;
}

// Calls of one code that run parts of themselves in place take very different times, and the oldest are the largest:
// behind one that takes longer than a window nothing is sent, whatever the code took before.
bool TaskSender::overdue(const Lease& lease) const {
  return caller_.is_worker() &&
         std::chrono::steady_clock::now() - lease.moved > std::chrono::nanoseconds(kWindow);
}

void TaskSender::pump(Queue& queue) {
  while (Call* const first = queue.calls.front()) {
    const std::uint32_t estimate_ns = run_times_.estimate(*first);
    Lease* lease = lease_with_room(queue, estimate_ns);
    if (lease == nullptr) break;
    if (lease->lane.in_flight() == 0 && caller_.is_worker()) {
      lease->moved = std::chrono::steady_clock::now();
    }
    if (!lease->lane.write(*first, estimate_ns)) break;
    lease->lane.keep(queue.calls.pop_front());
  }
  for (auto& lease : queue.leases) lease->lane.ring();
  ask_for_leases(queue);
}

void TaskSender::ask_for_leases(Queue& queue) {
  // As many as there are tasks waiting, up to what the node could ever run at once; a blocked lease lends its cpus.
  const double cpus = queue.options->cpus;
  const double capacity = cpus > 0 ? caller_.attachment().cpus / cpus : 64;
  const auto blocked = static_cast<std::size_t>(std::count_if(
      queue.leases.begin(), queue.leases.end(), [](const auto& lease) { return lease->blocked; }));
  const auto limit = std::max<std::size_t>(1, static_cast<std::size_t>(capacity)) + blocked;
  const std::size_t room = limit > queue.leases.size() ? limit - queue.leases.size() : 0;
  const std::uint64_t wanted = std::min(queue.calls.size(), room);
  const bool as_before = wanted == queue.wanted || (wanted > 0 && wanted < queue.wanted);
  const bool more = queue.calls.size() > room;
  if (as_before && (queue.more || !more)) return;
  want(queue, as_before ? queue.wanted : wanted, queue.more || more);
}

// The queue is empty: nothing is wanted, unless by a task that runs its calls in place: it will fill the queue again.
void TaskSender::withdraw(Queue& queue) {
  if (caller_.runs_a_task()) return;
  const bool over = std::all_of(queue.leases.begin(), queue.leases.end(),
                                [](const auto& lease) { return lease->lane.in_flight() == 0; });
  const bool more = queue.more && !over;  // a burst is told of once
  if (queue.wanted != 0 || more != queue.more) want(queue, 0, more);
}

void TaskSender::want(Queue& queue, std::uint64_t wanted, bool more) {
  queue.wanted = wanted;
  queue.more = more;
  caller_.node().send(LeaseWant{.key = queue.key,
                                .more = more ? LeaseWant::More::kYes : LeaseWant::More::kNo,
                                .wanted = wanted,
                                .cpus = queue.options->cpus},
                      encode(queue.shape));
}

bool TaskSender::is_recalled(const std::unique_ptr<Lease>& lease) { return lease->recalled; }

// A recalled lease gets no more calls after its tenure, and goes back when those in flight are done. If they take long
// (its task may wait for tasks of others), the first lease that has nothing to do goes in its place.
void TaskSender::give_back(Queue& queue) {
  if (std::none_of(queue.leases.begin(), queue.leases.end(), is_recalled)) return;
  const auto now = std::chrono::steady_clock::now();
  for (std::size_t i = 0; i < queue.leases.size();) {
    auto& lease = queue.leases[i];
    const bool idle = lease->lane.in_flight() == 0;
    if (lease->recalled && (now - lease->granted >= kTenure || (idle && queue.calls.empty()))) {
      lease->returning = true;
    }
    if (idle && !lease->recalled && queue.calls.empty()) stand_in(queue, *lease);
    if (!idle || !lease->returning) {
      ++i;
      continue;
    }
    caller_.node().send(LeaseReturn{.lane = lease->lane.index()});
    std::swap(lease, queue.leases.back());
    queue.leases.pop_back();
  }
}

// An idle lease goes in the place of a busy one that was recalled.
void TaskSender::stand_in(Queue& queue, Lease& idle) {
  const auto busy = std::find_if(queue.leases.begin(), queue.leases.end(), is_recalled);
  if (busy == queue.leases.end()) return;
  (*busy)->recalled = (*busy)->returning = false;
  idle.recalled = idle.returning = true;
}

// A worker is idle while calls wait behind a long one on another: ask for them back.
void TaskSender::steal_back(Queue& queue) {
  if (!queue.calls.empty() || queue.leases.size() < 2) return;
  const bool idle = std::any_of(queue.leases.begin(), queue.leases.end(),
                                [](const auto& lease) { return lease->lane.in_flight() == 0; });
  if (!idle) return;
  for (auto& lease : queue.leases) {
    if (lease->lane.in_flight() > 1 && lease->lane.estimated_ns() > kWindow / 2) {
      lease->lane.recall();
    }
  }
}

bool TaskSender::receive(Queue& queue, Lease& lease) {
  return lease.lane.receive(
      [&](base::Ref<Call> call, const ReplyFrame& frame, std::span<const std::byte> rest) {
        if (frame.status != ReplyStatus::kDone) {
          if (frame.status == ReplyStatus::kItem) return take_item(lease, *call, frame, rest);
          if (frame.status == ReplyStatus::kReturned) lease.blocked = true;
          return came_back(queue, std::move(call));
        }
        lease.blocked = false;
        if (caller_.is_worker()) lease.moved = std::chrono::steady_clock::now();
        run_times_.learn(*call, frame.run_ns);
        if (call->site().options().retry_exceptions) [[unlikely]] {
          return end_attempt(std::move(call), caller_.completion().results_of(frame, rest));
        }
        caller_.completion().complete(*call, frame, rest);
      });
}

// How long a generator takes depends on who takes its items: no call is to wait behind one.
void TaskSender::take_item(const Lease& lease, Call& call, const ReplyFrame& frame,
                           std::span<const std::byte> rest) {
  caller_.take_item(lease.lane, call, frame, rest);
  if (call.items()->arrived_in_attempt() == 1) run_times_.learn(call, UINT32_MAX);
}

// It has not begun.
void TaskSender::came_back(Queue& queue, base::Ref<Call> call) {
  if (call->cancelled) {
    return caller_.completion().fail(*call, cancelled_error(*call, "it had not begun"));
  }
  queue.calls.push_back(std::move(call));
  returned_.fetch_add(1);
}

void TaskSender::end_attempt(base::Ref<Call> call, std::vector<Value> results) {
  if (is_tried_again(*call, results)) return submit(std::move(call));
  caller_.completion().complete_here(*call, std::move(results));
}

bool TaskSender::poll() {
  bool any = false;
  for (std::size_t i = 0; i < queues_.size(); ++i) {  // what is received may add queues
    Queue& queue = *queues_[i];
    for (std::size_t j = 0; j < queue.leases.size(); ++j) any |= receive(queue, *queue.leases[j]);
  }
  return any;
}

template <class Matches>
TaskSender::Lease* TaskSender::find_lease(Matches matches) const {
  for (const auto& queue : queues_) {
    for (const auto& lease : queue->leases) {
      if (matches(lease->lane)) return lease.get();
    }
  }
  return nullptr;
}

bool TaskSender::pending() const {
  return find_lease([](const CallLane& lane) { return lane.pending(); }) != nullptr;
}

void TaskSender::flush() {
  if (caller_.attachment().local) return;  // whoever runs them takes them
  for (auto& queue : queues_) {
    give_back(*queue);
    if (!queue->calls.empty()) {
      pump(*queue);
    } else {
      steal_back(*queue);
      if (queue->wanted != 0 || queue->more) withdraw(*queue);
    }
  }
}

void TaskSender::on(const LeaseGrant& grant) {
  auto& queue = *queues_[grant.key];
  ++queue.granted;
  if (queue.wanted > 0) {
    --queue.wanted;
  } else {
    queue.more = false;  // that one was beyond what we wanted
  }
  queue.leases.push_back(
      std::unique_ptr<Lease>(new Lease{.lane = caller_.lane_to(grant.worker, grant.lane),
                                       .granted = std::chrono::steady_clock::now()}));
}

void TaskSender::on(const LeaseRefused& refused, std::string_view text) {
  auto& queue = *queues_[refused.key];
  queue.wanted = 0;
  queue.more = false;
  while (const auto call = queue.calls.pop_front()) {
    caller_.completion().fail(
        *call, refused.kind,
        "the task " + call->display_name() + " cannot run: " + std::string(text));
  }
}

void TaskSender::on(const CallRunsLong& told) {
  const auto* const lease =
      find_lease([&](const CallLane& lane) { return lane.index() == told.lane; });
  Call* const call = lease != nullptr ? lease->lane.find(told.sequence) : nullptr;
  if (call != nullptr) tell_if_missed(*call, told.ms, lease->lane.callee_pid());
}

void TaskSender::on(const LeaseRecall& recall) {
  auto& queue = *queues_[recall.key];
  const auto least_busy =
      std::min_element(queue.leases.begin(), queue.leases.end(), [](const auto& a, const auto& b) {
        const auto key = [](const Lease& lease) {
          return std::pair(lease.recalled, lease.lane.in_flight());
        };
        return key(*a) < key(*b);
      });
  if (least_busy == queue.leases.end() || (*least_busy)->recalled) return;
  (*least_busy)->recalled = true;
  give_back(queue);
}

void TaskSender::retry_or_fail(base::Ref<Call> call, const DeathReport& death) {
  if (call->cancelled) {
    return caller_.completion().fail(*call, cancelled_error(*call, "its worker was ended"));
  }
  if (const auto error = error_after_crash(*call, death, caller_.attachment())) {
    caller_.completion().fail(*call, *error);
  } else if (death.out_of_memory) {
    rest(std::move(call));
  } else {
    submit(std::move(call));
  }
}

void TaskSender::rest(base::Ref<Call> call) {
  const unsigned doublings = std::min<unsigned>(call->attempt - 2U, kMostDoublings);
  auto until = std::chrono::steady_clock::now() + kFirstRest * (1U << doublings);
  CallExtras& extras = call->extras();
  if (extras.deadline) until = std::min(until, *extras.deadline);
  call->rest();
  extras.set_time(caller_.timers(), *call, until);
  resting_.push_back(std::move(call));
}

bool TaskSender::on(const LaneDead& dead, const DeathReport& death) {
  for (std::size_t i = 0; i < queues_.size(); ++i) {
    Queue& queue = *queues_[i];
    for (auto& lease : queue.leases) {
      if (lease->lane.index() != dead.lane) continue;
      lease->lane.callee_died();
      receive(queue, *lease);  // what it answered before it died; may add queues, not leases
      caller_.take_back_holds(lease->lane, dead);
      auto unfinished = lease->lane.take_unfinished();
      std::swap(lease, queue.leases.back());
      queue.leases.pop_back();
      if (unfinished.begun) retry_or_fail(std::move(unfinished.begun), death);
      for (auto& call : unfinished.others) came_back(queue, std::move(call));
      queue.wanted = 0;
      queue.more = false;
      return true;
    }
  }
  return false;
}

void TaskSender::recall(const Call& call) {
  auto* const lease = find_lease([&](const CallLane& lane) { return lane.carries(call); });
  if (lease != nullptr && !lease->lane.has_begun(call)) lease->lane.recall();
}

bool TaskSender::in_flight() const {
  return find_lease([](const CallLane& lane) { return lane.in_flight() != 0; }) != nullptr;
}

const CallLane* TaskSender::lane_of(const Call& call) const {
  const auto* const lease = find_lease([&](const CallLane& lane) { return lane.carries(call); });
  return lease != nullptr ? &lease->lane : nullptr;
}

std::optional<TaskSender::NeedsLease> TaskSender::needs_lease(const Call& queued) const {
  const Queue& queue = *find_queue(queued);
  const bool all_wait = std::all_of(queue.leases.begin(), queue.leases.end(),
                                    [](const auto& lease) { return lease->blocked; });
  if (!all_wait) return std::nullopt;
  return NeedsLease{.key = queue.key, .granted = queue.granted};
}

std::string TaskSender::request_of(const Call& call) {
  const TaskOptions& options = call.site().options();
  return base::number_text(options.cpus) + (options.cpus == 1 ? " cpu" : " cpus") +
         shape_of(options).text();
}

void TaskSender::fail_all(const Value& error) {
  for (const auto& call : std::exchange(resting_, {})) caller_.completion().fail(*call, error);
  for (auto& queue : queues_) {
    for (auto& lease : queue->leases) {
      auto unfinished = lease->lane.take_unfinished();
      if (unfinished.begun) unfinished.others.push_back(std::move(unfinished.begun));
      for (auto& call : unfinished.others) queue->calls.push_back(std::move(call));
    }
    queue->leases.clear();
    while (const auto call = queue->calls.pop_front()) caller_.completion().fail(*call, error);
  }
}

}  // namespace manta::detail
