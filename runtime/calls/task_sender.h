// The TaskSender of a process sends its tasks to leased workers: it asks the node for leases, keeps them while there is
// work, and spreads tasks over them.
//
//   ready task --> queue of its key --> lease with room --> in flight --reply--> done
//                   |    ^-- returned; worker died, or it threw, and retries left --|
//                   \--take()--> run in place, by the thread that waits for it
//
// Tasks that ask for the same CPUs and have one shape have one scheduling key, with a queue and leases. A lease has
// room while the calls in flight on it are estimated to run for less than kWindow together, by what the same code took
// before; code that was never seen runs alone. So tiny tasks travel in bursts, and long ones never wait behind each
// other.
// Invariants: no message to the node per task: it is told how many leases are wanted only when that changes.
// Threads:    the holder of the progress baton, under the tables lock.
#pragma once
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "../wire/death_report.h"
#include "../wire/node_messages.h"
#include "../wire/task_shape.h"
#include "call_queue.h"
#include "caller_side.h"
#include "run_times.h"

namespace manta::detail {

class TaskSender {
 public:
  explicit TaskSender(CallerSide& caller) : caller_(caller) {}

  void submit(base::Ref<Call> ready);        // all arguments have arrived
  base::Ref<Call> take(const Call& queued);  // out of its queue: the caller runs it
  base::Ref<Call> take_resting(const Call& resting);
  base::Ref<Call> take_first() {  // of any queue; null: all are empty
    for (auto& queue : queues_) {
      if (auto call = queue->calls.pop_front()) return call;
    }
    return {};
  }
  bool any_queued() const {
    return std::ranges::any_of(queues_, [](const auto& queue) { return !queue->calls.empty(); });
  }
  // Of one in flight that has not begun: asks for it back. Others on its lane may come along.
  void recall(const Call& call);
  RunTimes& run_times() { return run_times_; }
  bool in_flight() const;  // any call
  // Calls that were given back. Any thread.
  std::uint64_t returned() const { return returned_.load(); }
  bool poll();  // reads replies; true if something was completed
  bool pending() const;
  void flush();  // sends what can be sent, rings whom it sent to

  // From the node.
  void on(const LeaseGrant& grant);
  void on(const LeaseRefused& refused, std::string_view text);
  void on(const LeaseRecall& recall);
  void on(const CallRunsLong& told);
  bool on(const LaneDead& dead, const DeathReport& death);  // false: the lane is unknown

  const CallLane* lane_of(const Call& call) const;  // null: it is not in flight
  // A queued call is sent only with another lease than those that its queue got: there were so many.
  struct NeedsLease {
    std::uint32_t key = 0;
    std::uint64_t granted = 0;
  };
  std::optional<NeedsLease> needs_lease(const Call& queued) const;
  static std::string request_of(const Call& call);  // "1 cpu and 0.5 gpu_mem"
  void fail_all(const Value& error);                // the node died
  template <class Visit>
  void each_call(Visit&& visit) const {
    for (const auto& queue : queues_) {
      for (Call* call = queue->calls.front(); call != nullptr; call = call->next_in_queue()) {
        visit(*call);
      }
      for (const auto& lease : queue->leases) lease->lane.each_call(visit);
    }
    for (const auto& call : resting_) visit(*call);
  }
  // A call of it can end without another being submitted.
  bool active() const { return in_flight() || any_queued() || !resting_.empty(); }

 private:
  struct Lease {
    CallLane lane;
    std::chrono::steady_clock::time_point granted;
    std::chrono::steady_clock::time_point moved = {};  // when it last began or ended a call
    bool blocked = false;                              // it gave a call back: it waits inside get()
    bool recalled = false;   // others wait: it is returned after its tenure, or when it is idle
    bool returning = false;  // it gets no more calls
  };
  struct Queue {  // of one scheduling key
    std::uint32_t key = 0;
    base::Ref<const CallSite> first_site;  // of the call that made it
    const TaskOptions* options = nullptr;  // of that
    TaskShape shape;
    CallQueue calls;
    std::vector<std::unique_ptr<Lease>> leases;
    std::uint64_t granted = 0;  // leases, all in all
    std::uint64_t wanted = 0;   // as the node was told
    bool more = false;          // it was told that there is work for one more
  };

  Queue* find_queue(const Call& call) const;  // null: no call like it was submitted yet
  Queue& queue_of(const Call& call);
  Lease* lease_with_room(Queue& queue, std::uint64_t estimate_ns);
  bool overdue(const Lease& lease) const;
  void pump(Queue& queue);
  void ask_for_leases(Queue& queue);
  void want(Queue& queue, std::uint64_t wanted, bool more);
  void withdraw(Queue& queue);
  void give_back(Queue& queue);
  template <class Matches>  // of its lane
  Lease* find_lease(Matches matches) const;
  static bool is_recalled(const std::unique_ptr<Lease>& lease);
  static void stand_in(Queue& queue, Lease& idle);
  void steal_back(Queue& queue);
  bool receive(Queue& queue, Lease& lease);
  void take_item(const Lease& lease, Call& call, const ReplyFrame& frame,
                 std::span<const std::byte> rest);
  void came_back(Queue& queue, base::Ref<Call> call);
  void end_attempt(base::Ref<Call> call, std::vector<Value> results);
  void retry_or_fail(base::Ref<Call> call, const DeathReport& death);
  void rest(base::Ref<Call> call);

  CallerSide& caller_;
  std::vector<std::unique_ptr<Queue>> queues_;
  std::vector<base::Ref<Call>> resting_;  // for some time, since memory ran out
  RunTimes run_times_;
  std::atomic<std::uint64_t> returned_{0};  // SYNC: none: it is only compared with its last value
};

}  // namespace manta::detail
