// What the threads of a session wait for, as far as they have said so. It finds calls that wait for each other, and
// says what an object waits for (decision 010).
//
//   WaitBegun --> a record --> is there a way from what it needs back to it? --> WaitRefused
//        \-- it needs an object of another process: NeedsAsk --> its maker --NeedsTold--'
//   WhyAsk --> from record to record --> WhyTold    (through WhyAskMaker, WhyContinue if an object's maker knows more)
//
// A step of a way counts only if what it stands for cannot have happened yet: the call that is needed is the one that
// its process runs, or has to wait for that one, as far as the records say; and what a record says stays true. A wait
// is stuck if each of its alternatives needs the end of another stuck wait; for a worker, the end of all that hold what
// is short. Such a finding stands, in whatever order
// the records came: the first of the stuck waits to end would need the end of another one before it.
// Threads: confined. Errors: none; a record that cannot be read is ignored.
#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "../../base/id.h"
#include "../../rpc/lane.h"
#include "../wire/node_messages.h"
#include "../wire/waits.h"
#include "lane_table.h"
#include "leasing.h"

namespace manta::detail::node {

class Waits {
 public:
  // What it tells, most of it with a text.
  using Told = std::variant<WaitRefused, NeedsAsk, WhyTold, WhyAskMaker>;
  struct Callbacks {
    std::function<const LaneRecord*(std::uint32_t lane)> lane;
    std::function<std::uint64_t(std::uint32_t lane)> started;
    std::function<std::optional<rpc::Slot>(ActorId)> constructed_at;  // until it is alive
    std::function<Leasing::Shortage(rpc::Slot owner, const Need& lease)> shortage;
    std::function<Leasing::Shortage(ActorId)> shortage_of_actor;  // until it has a process
    std::function<std::optional<rpc::Slot>(ObjectId)> maker_of;
    std::function<std::size_t(std::uint64_t block)> size_of;
    std::function<int(rpc::Slot)> pid;
    std::function<std::int64_t()> now_ms;
    std::function<void(rpc::Slot to, const Told& message, std::string_view text)> send;
  };
  explicit Waits(Callbacks callbacks) : callbacks_(std::move(callbacks)) {}

  void on(rpc::Slot from, const WaitBegun& begun, PayloadBytes payload);
  void on(rpc::Slot from, const WaitOver& over);
  void on(rpc::Slot from, const NeedsTold& told, PayloadBytes payload);
  void on(rpc::Slot from, const WhyAsk& question, PayloadBytes payload);
  void on(rpc::Slot from, const WhyContinue& answer, PayloadBytes payload);
  // A thread of the process waits for the object store until its question is answered: for why() only, since such a
  // wait ends by itself (InitOptions::put_timeout).
  void on(rpc::Slot from, const RoomAsk& ask, std::string_view waiter);
  void on(rpc::Slot from, const RestoreAsk& ask, std::string_view waiter);
  void answered(rpc::Slot to, std::uint64_t question);
  void process_died(rpc::Slot slot) { waits_.erase(slot); }

 private:
  struct KnownNeed {
    Need need;
    rpc::Slot of = 0;          // the process that has told it
    std::uint64_t opened = 0;  // LaneRecord::opened when it was told
  };
  struct Wait {
    WaitRecord record;
    std::vector<KnownNeed> needs = {};  // its own, and those of the objects that it needs
    std::size_t own = 0;                // how many of these are its own
    // The objects whose makers were asked.
    std::set<std::pair<std::uint32_t, ObjectId>> asked_for = {};
    bool refused = false;
    std::optional<std::int64_t> since = {};  // of a wait for the store
  };
  // The waits of one process, by number; those for the store by that of their question and kForStore.
  using WaitsOfProcess = std::map<std::uint64_t, Wait>;
  struct Step {
    const Wait* wait;
    const KnownNeed* need;
    rpc::Slot slot;
  };

  void add_wait_for_store(rpc::Slot from, std::uint64_t question, std::string_view waiter,
                          std::int64_t since, std::string what);
  void add_needs(rpc::Slot waiting, std::uint64_t number, rpc::Slot of, std::vector<Need> needs);
  void look_for_cycle(rpc::Slot from, std::uint64_t number);
  static bool may_be_stuck(const Wait& wait);
  void leave_the_stuck(std::set<rpc::Slot>& slots) const;
  bool is_stuck(const Wait& wait, const std::set<rpc::Slot>& slots) const;
  std::vector<Step> way_back(const Wait& wait, rpc::Slot slot, std::set<rpc::Slot> among) const;
  bool leads_back(const Wait& wait, rpc::Slot slot, rpc::Slot goal, std::set<rpc::Slot>& unseen,
                  std::vector<Step>& path) const;
  bool any_leads_back(rpc::Slot slot, rpc::Slot goal, std::set<rpc::Slot>& unseen,
                      std::vector<Step>& path) const;
  std::vector<rpc::Slot> held_up_at(const KnownNeed& need) const;
  bool call_held_up(const KnownNeed& need, const WaitRecord& record) const;
  Leasing::Shortage shortage_of(const KnownNeed& known) const;
  std::optional<rpc::Slot> place_of(const Need& need) const;
  const Wait* wait_that_holds_up(rpc::Slot slot) const;
  const Wait* any_wait(rpc::Slot slot) const;
  static const KnownNeed& first_of(const Wait& wait);
  std::string text_of(const Step& step, const std::string& runs) const;
  std::string text_of(const std::vector<Step>& path) const;
  void tell_why(rpc::Slot to, std::uint64_t question, WhyStep step);
  std::string in_process(rpc::Slot slot) const;

  Callbacks callbacks_;
  std::map<rpc::Slot, WaitsOfProcess> waits_;
};

}  // namespace manta::detail::node
