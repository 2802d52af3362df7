#include "task_sender.h"

#include <algorithm>
#include <cstring>

#include "../../base/number_text.h"
#include "crash_notice.h"

namespace manta::detail {
namespace {

constexpr std::uint64_t kWindow = 200'000;  // ns of estimated work in flight on a lease
constexpr std::size_t kMaxInFlight = 1024;
// How long a lease is used at least while there is work for it, though others wait: to hand a worker over takes some
// 50 us, so owners that all have many tiny tasks must not do so for each burst.
constexpr std::chrono::microseconds kTenure(1000);

}  // namespace

TaskSender::Shape& TaskSender::shape_of(const Call& call) {
  const double cpus = call.options ? call.options->cpus : 1;
  const bool plain = !call.options || call.options->resources.empty();
  for (auto& shape : shapes_) {
    if (shape->cpus != cpus) continue;
    if (plain ? shape->resources.empty() : shape->resources == call.options->resources)
      return *shape;
  }
  auto shape = std::make_unique<Shape>();
  shape->number = static_cast<std::uint32_t>(shapes_.size());
  shape->cpus = cpus;
  if (!plain) shape->resources = call.options->resources;
  shapes_.push_back(std::move(shape));
  return *shapes_.back();
}

TaskSender::~TaskSender() {
  for (const auto& shape : shapes_) {
    while (dequeue(*shape)) continue;
  }
}

void TaskSender::enqueue(Shape& shape, base::Ref<Call> owned) {
  Call* const call = owned.detach();
  call->next = nullptr;
  call->previous = shape.last;
  call->queued = true;
  (shape.last != nullptr ? shape.last->next : shape.first) = call;
  shape.last = call;
  ++shape.queued;
}

base::Ref<Call> TaskSender::dequeue(Shape& shape) {
  return shape.first != nullptr ? unlink(shape, *shape.first) : nullptr;
}

base::Ref<Call> TaskSender::unlink(Shape& shape, Call& call) {
  (call.previous != nullptr ? call.previous->next : shape.first) = call.next;
  (call.next != nullptr ? call.next->previous : shape.last) = call.previous;
  call.queued = false;
  --shape.queued;
  return base::Ref<Call>::adopt(&call);
}

base::Ref<Call> TaskSender::take(const Call& queued) {
  Shape& shape = shape_of(queued);
  return unlink(shape, *(queued.previous != nullptr ? queued.previous->next : shape.first));
}

void TaskSender::submit(base::Ref<Call> ready) {
  Shape& shape = shape_of(*ready);
  enqueue(shape, std::move(ready));
}

TaskSender::Lease* TaskSender::lease_with_room(Shape& shape, const Call& call) {
  for (auto& lease : shape.leases) {
    const auto& lane = lease->lane;
    if (lease->returning) continue;
    if (lane.in_flight() == 0) {
      lease->blocked = false;  // what it gave back was the last
      return lease.get();
    }
    if (lease->blocked || overdue(*lease)) continue;
    const bool fits =
        lane.estimated_ns() + call.estimate_ns <= kWindow && lane.in_flight() < kMaxInFlight;
    if (fits) return lease.get();
  }
  return nullptr;
}

// Calls of one code that run parts of themselves in place take very different times, and the oldest are the largest: behind
// one that takes longer than a window nothing is sent, whatever the code took before.
bool TaskSender::overdue(const Lease& lease) const {
  return caller_.is_worker() &&
         std::chrono::steady_clock::now() - lease.moved > std::chrono::nanoseconds(kWindow);
}

void TaskSender::pump(Shape& shape) {
  while (shape.first != nullptr) {
    shape.first->estimate_ns = run_times_.estimate(*shape.first);
    Lease* lease = lease_with_room(shape, *shape.first);
    if (lease == nullptr) break;
    if (lease->lane.in_flight() == 0 && caller_.is_worker())
      lease->moved = std::chrono::steady_clock::now();
    if (!lease->lane.write(*shape.first)) break;
    lease->lane.keep(dequeue(shape));
  }
  for (auto& lease : shape.leases) lease->lane.ring();
  ask_for_leases(shape);
}

void TaskSender::ask_for_leases(Shape& shape) {
  // As many as there are tasks waiting, up to what the node could ever run at once; a blocked lease lends its cpus.
  const double capacity = shape.cpus > 0 ? caller_.attachment().cpus / shape.cpus : 64;
  const auto blocked = static_cast<std::size_t>(std::count_if(
      shape.leases.begin(), shape.leases.end(), [](const auto& lease) { return lease->blocked; }));
  const auto limit = std::max<std::size_t>(1, static_cast<std::size_t>(capacity)) + blocked;
  const std::size_t room = limit > shape.leases.size() ? limit - shape.leases.size() : 0;
  const std::uint64_t wanted = std::min(shape.queued, room);
  const bool as_before = wanted == shape.wanted || (wanted > 0 && wanted < shape.wanted);
  const bool more = shape.queued > room;
  if (as_before && (shape.more || !more)) return;
  want(shape, as_before ? shape.wanted : wanted, shape.more || more);
}

// The queue is empty: nothing is wanted, but for a task that runs its calls in place: it empties the queue and fills it,
// again and again.
void TaskSender::withdraw(Shape& shape) {
  if (caller_.runs_a_task()) return;
  const bool over = std::all_of(shape.leases.begin(), shape.leases.end(),
                                [](const auto& lease) { return lease->lane.in_flight() == 0; });
  const bool more = shape.more && !over;  // a burst is told of once
  if (shape.wanted != 0 || more != shape.more) want(shape, 0, more);
}

void TaskSender::want(Shape& shape, std::uint64_t wanted, bool more) {
  shape.wanted = wanted;
  shape.more = more;
  std::vector<ResourceItem> items;
  for (const auto& [name, amount] : shape.resources) {
    ResourceItem item;
    std::strncpy(item.name, name.c_str(), sizeof item.name - 1);
    item.amount = amount;
    items.push_back(item);
  }
  caller_.node().send({.kind = NodeMessage::lease_want,
                       .arg0 = shape.number,
                       .arg1 = wanted,
                       .arg2 = more ? 1U : 0U,
                       .real = shape.cpus},
                      std::as_bytes(std::span(items)));
}

bool TaskSender::is_recalled(const std::unique_ptr<Lease>& lease) { return lease->recalled; }

// Others wait for a worker: a recalled lease gets no more calls after its tenure, and goes back when those in flight are
// done. If they take long (its task may wait for tasks of others), the first lease that has nothing to do goes in its
// place.
void TaskSender::give_back(Shape& shape) {
  if (std::none_of(shape.leases.begin(), shape.leases.end(), is_recalled)) return;
  const auto now = std::chrono::steady_clock::now();
  for (std::size_t i = 0; i < shape.leases.size();) {
    auto& lease = shape.leases[i];
    const bool idle = lease->lane.in_flight() == 0;
    if (lease->recalled && (now - lease->granted >= kTenure || (idle && shape.first == nullptr)))
      lease->returning = true;
    if (idle && !lease->recalled && shape.first == nullptr) stand_in(shape, *lease);
    if (!idle || !lease->returning) {
      ++i;
      continue;
    }
    caller_.node().send({.kind = NodeMessage::lease_return, .arg0 = lease->lane.index()});
    std::swap(lease, shape.leases.back());
    shape.leases.pop_back();
  }
}

// An idle lease goes in the place of a busy one that was recalled.
void TaskSender::stand_in(Shape& shape, Lease& idle) {
  const auto busy = std::find_if(shape.leases.begin(), shape.leases.end(), is_recalled);
  if (busy == shape.leases.end()) return;
  (*busy)->recalled = (*busy)->returning = false;
  idle.recalled = idle.returning = true;
}

// A worker is idle while calls wait behind a long one on another: ask for them back.
void TaskSender::steal_back(Shape& shape) {
  if (shape.first != nullptr || shape.leases.size() < 2) return;
  const bool idle = std::any_of(shape.leases.begin(), shape.leases.end(),
                                [](const auto& lease) { return lease->lane.in_flight() == 0; });
  if (!idle) return;
  for (auto& lease : shape.leases) {
    if (lease->lane.in_flight() > 1 && lease->lane.estimated_ns() > kWindow / 2)
      lease->lane.recall();
  }
}

bool TaskSender::receive(Shape& shape, Lease& lease) {
  return lease.lane.receive(
      [&](base::Ref<Call> call, const ReplyFrame& frame, std::span<const std::byte> rest) {
        if (frame.status == ReplyStatus::bounced) {
          lease.blocked = true;
          enqueue(shape, std::move(call));
          returned_.fetch_add(1);
          return;
        }
        lease.blocked = false;
        if (caller_.is_worker()) lease.moved = std::chrono::steady_clock::now();
        run_times_.learn(*call, frame.run_ns);
        caller_.completion().complete(*call, frame, rest);
      });
}

bool TaskSender::poll() {
  bool any = false;
  for (std::size_t i = 0; i < shapes_.size(); ++i) {  // what is received may add shapes
    Shape& shape = *shapes_[i];
    for (std::size_t j = 0; j < shape.leases.size(); ++j) any |= receive(shape, *shape.leases[j]);
  }
  return any;
}

bool TaskSender::pending() const {
  for (const auto& shape : shapes_) {
    for (const auto& lease : shape->leases) {
      if (lease->lane.pending()) return true;
    }
  }
  return false;
}

void TaskSender::flush() {
  for (auto& shape : shapes_) {
    give_back(*shape);
    if (shape->first != nullptr) {
      pump(*shape);
    } else {
      steal_back(*shape);
      if (shape->wanted != 0 || shape->more) withdraw(*shape);
    }
  }
}

void TaskSender::on_grant(std::uint32_t shape_number, std::uint32_t lane, rpc::Slot worker) {
  auto& shape = *shapes_[shape_number];
  if (shape.wanted > 0) {
    --shape.wanted;
  } else {
    shape.more = false;  // that one was beyond what we wanted
  }
  shape.leases.push_back(std::unique_ptr<Lease>(new Lease{
      .lane = caller_.lane_to(worker, lane), .granted = std::chrono::steady_clock::now()}));
}

void TaskSender::on_refused(std::uint32_t shape_number, ErrorKind kind, std::string_view text) {
  auto& shape = *shapes_[shape_number];
  shape.wanted = 0;
  shape.more = false;
  while (const auto call = dequeue(shape)) {
    caller_.completion().fail(
        *call, kind, "the task " + call->display_name() + " cannot run: " + std::string(text));
  }
}

void TaskSender::on_recall(std::uint32_t shape_number) {
  auto& shape = *shapes_[shape_number];
  const auto least_busy =
      std::min_element(shape.leases.begin(), shape.leases.end(), [](const auto& a, const auto& b) {
        const auto key = [](const Lease& lease) {
          return std::pair(lease.recalled, lease.lane.in_flight());
        };
        return key(*a) < key(*b);
      });
  if (least_busy == shape.leases.end() || (*least_busy)->recalled) return;
  (*least_busy)->recalled = true;
  give_back(shape);
}

void TaskSender::retry_or_fail(base::Ref<Call> call, const DeathReport& death) {
  const int allowed = call->options ? call->options->max_retries : TaskOptions().max_retries;
  const ErrorRecord error = crash_error(death, call->display_name(), call->frame.attempt,
                                        allowed < 0 ? 0 : allowed + 1, caller_.attachment().node);
  const bool retry =
      error.kind == ErrorKind::worker_crashed && (allowed < 0 || call->retries < allowed);
  if (retry) {
    give_crash_notice(*call, death, caller_.attachment().directory);
    ++call->retries;
    ++call->frame.attempt;
    return submit(std::move(call));
  }
  caller_.completion().fail(*call, error);
}

bool TaskSender::on_lane_dead(std::uint32_t lane, const DeathReport& death) {
  for (std::size_t i = 0; i < shapes_.size(); ++i) {
    Shape& shape = *shapes_[i];
    for (auto& lease : shape.leases) {
      if (lease->lane.index() != lane) continue;
      lease->lane.callee_died();
      receive(shape, *lease);  // what it answered before it died; may add shapes, not leases
      caller_.take_back_holds(lease->lane, death);
      auto unfinished = lease->lane.take_unfinished();
      std::swap(lease, shape.leases.back());
      shape.leases.pop_back();
      if (unfinished.begun) retry_or_fail(std::move(unfinished.begun), death);
      for (auto& call : unfinished.others) enqueue(shape, std::move(call));
      shape.wanted = 0;
      shape.more = false;
      return true;
    }
  }
  return false;
}

void TaskSender::recall(const Call& call) {
  for (auto& shape : shapes_) {
    for (auto& lease : shape->leases) {
      if (!lease->lane.carries(call)) continue;
      if (!lease->lane.has_begun(call)) lease->lane.recall();
      return;
    }
  }
}

bool TaskSender::in_flight() const {
  return std::any_of(shapes_.begin(), shapes_.end(), [](const auto& shape) {
    return std::any_of(shape->leases.begin(), shape->leases.end(),
                       [](const auto& lease) { return lease->lane.in_flight() != 0; });
  });
}

const CallLane* TaskSender::lane_of(const Call& call) const {
  for (const auto& shape : shapes_) {
    for (const auto& lease : shape->leases) {
      if (lease->lane.carries(call)) return &lease->lane;
    }
  }
  return nullptr;
}

std::string TaskSender::request_of(const Call& call) {
  std::string text = base::number_text(call.frame.cpus) + (call.frame.cpus == 1 ? " cpu" : " cpus");
  if (call.options) {
    for (const auto& [name, amount] : call.options->resources) {
      text.append(" and ").append(base::number_text(amount)).append(" ").append(name);
    }
  }
  return text;
}

void TaskSender::fail_all(const Value& error) {
  for (auto& shape : shapes_) {
    for (auto& lease : shape->leases) {
      auto unfinished = lease->lane.take_unfinished();
      if (unfinished.begun) unfinished.others.push_back(std::move(unfinished.begun));
      for (auto& call : unfinished.others) enqueue(*shape, std::move(call));
    }
    shape->leases.clear();
    while (const auto call = dequeue(*shape)) caller_.completion().fail_with(*call, error);
  }
}

bool TaskSender::active() const {
  return std::any_of(shapes_.begin(), shapes_.end(), [](const auto& shape) {
    return shape->first != nullptr ||
           std::any_of(shape->leases.begin(), shape->leases.end(),
                       [](const auto& lease) { return lease->lane.in_flight() != 0; });
  });
}

}  // namespace manta::detail
