// First the messages and the records (add_needs); then cycles: look_for_cycle() tells in which order the rest of that
// part is used; then texts: of a cycle, and tell_why(), which follows records to answer a question.
#include "waits.h"

#include <algorithm>

namespace manta::detail::node {
namespace {

constexpr std::size_t kMostNeeds = 1000;  // of one wait
constexpr int kMostSteps = 8;             // from one wait to the next in an answer to "why"
// A text of this size is not made longer: the makers of objects may lead in a circle.
constexpr std::size_t kLongestWhy = 4000;
constexpr std::size_t kMostStepsTold = 20;  // of a cycle: its first ones, and the last
constexpr std::uint64_t kForStore = std::uint64_t{1} << 63;

std::string seconds_text(std::int64_t ms) {
  const std::int64_t tenths = std::max<std::int64_t>(ms, 0) / 100;
  return std::to_string(tenths / 10) + "." + std::to_string(tenths % 10) + " s";
}

}  // namespace

void Waits::on(rpc::Slot from, const WaitBegun& begun, PayloadBytes payload) {
  auto record = decode_wait(payload);
  if (!record) return;
  auto needs = std::exchange(record->needs, {});
  Wait& wait = waits_[from][begun.wait];
  wait = {.record = std::move(*record), .refused = wait.refused};
  add_needs(from, begun.wait, from, std::move(needs));
  wait.own = wait.needs.size();
  look_for_cycle(from, begun.wait);
}

void Waits::on(rpc::Slot from, const WaitOver& over) {
  const auto found = waits_.find(from);
  if (found == waits_.end()) return;
  found->second.erase(over.wait);
  if (found->second.empty()) waits_.erase(found);
}

void Waits::on(rpc::Slot from, const NeedsTold& told, PayloadBytes payload) {
  auto needs = decode_needs(payload);
  if (!needs) return;
  for (Need& need : *needs) need.object = told.number;
  add_needs(told.waiting, told.wait, from, std::move(*needs));
  look_for_cycle(told.waiting, told.wait);
}

void Waits::on(rpc::Slot from, const WhyAsk& question, PayloadBytes payload) {
  if (auto step = decode_why(payload)) tell_why(from, question.question, std::move(*step));
}

void Waits::on(rpc::Slot, const WhyContinue& answer, PayloadBytes payload) {
  if (auto step = decode_why(payload)) tell_why(answer.asker, answer.question, std::move(*step));
}

void Waits::on(rpc::Slot from, const RoomAsk& ask, std::string_view waiter) {
  add_wait_for_store(from, ask.question, waiter, ask.since,
                     "room for " + std::to_string(ask.size) + " bytes in the object store");
}

void Waits::on(rpc::Slot from, const RestoreAsk& ask, std::string_view waiter) {
  add_wait_for_store(from, ask.question, waiter, callbacks_.now_ms(),
                     what_is_asked_for(ask) + " to be read back from disk (" +
                         std::to_string(callbacks_.size_of(ask.block)) + " bytes)");
}

void Waits::add_wait_for_store(rpc::Slot from, std::uint64_t question, std::string_view waiter,
                               std::int64_t since, std::string what) {
  const Need need{.kind = Need::Kind::kStore, .name = std::move(what)};
  waits_[from][question | kForStore] = {.record = {.waiter = std::string(waiter)},
                                        .needs = {{.need = need, .of = from}},
                                        .own = 1,
                                        .since = since};
}

void Waits::answered(rpc::Slot to, std::uint64_t question) {
  on(to, WaitOver{.wait = question | kForStore});
}

void Waits::add_needs(rpc::Slot waiting, std::uint64_t number, rpc::Slot of,
                      std::vector<Need> needs) {
  const auto process = waits_.find(waiting);
  if (process == waits_.end() || !process->second.contains(number)) return;  // the wait is over
  Wait& wait = process->second.at(number);
  for (Need& need : needs) {
    if (wait.needs.size() == kMostNeeds) return;
    if (need.kind >= Need::Kind::kInPlace) continue;  // nobody waits for it but why()
    const ObjectId object(need.hi, need.lo);
    if (need.kind == Need::Kind::kObject && wait.asked_for.insert({need.object, object}).second) {
      if (const auto maker = callbacks_.maker_of(object)) {
        callbacks_.send(
            *maker,
            NeedsAsk{.object = object, .wait = number, .number = need.object, .waiting = waiting},
            {});
      }
    }
    const LaneRecord* const lane =
        need.kind == Need::Kind::kCall ? callbacks_.lane(need.lane) : nullptr;
    wait.needs.push_back(
        {.need = std::move(need), .of = of, .opened = lane != nullptr ? lane->opened : 0});
  }
}

// ---------------------------------------------------------------- cycles

void Waits::look_for_cycle(rpc::Slot from, std::uint64_t number) {
  const auto process = waits_.find(from);
  if (process == waits_.end() || !process->second.contains(number)) return;
  Wait& wait = process->second.at(number);
  if (!wait.record.holds_up || wait.refused) return;
  std::set<rpc::Slot> slots;
  for (const auto& [slot, waits] : waits_) slots.insert(slot);
  // A wait with a deadline ends by itself. But it waits in vain for what only its own process can do.
  if (wait.record.deadline) slots = {from};
  if (way_back(wait, from, slots).empty()) return;  // as most often: what follows costs more
  if (!wait.record.deadline) leave_the_stuck(slots);
  const std::vector<Step> path = way_back(wait, from, slots);
  if (path.empty() || !is_stuck(wait, slots)) return;
  wait.refused = true;
  callbacks_.send(from, WaitRefused{.wait = number}, text_of(path));
}

// A wait with a deadline ends by itself, and so does one that was refused.
bool Waits::may_be_stuck(const Wait& wait) {
  return wait.record.holds_up && !wait.record.deadline && !wait.refused;
}

void Waits::leave_the_stuck(std::set<rpc::Slot>& slots) const {
  for (std::set<rpc::Slot> before; before.size() != slots.size();) {
    before = slots;
    std::erase_if(slots, [&](rpc::Slot slot) {
      const WaitsOfProcess& waits = waits_.at(slot);
      return std::none_of(waits.begin(), waits.end(), [&](const auto& item) {
        return may_be_stuck(item.second) && is_stuck(item.second, before);
      });
    });
  }
}

// Whether the wait cannot end before the call that one of `slots` runs.
bool Waits::is_stuck(const Wait& wait, const std::set<rpc::Slot>& slots) const {
  const auto& objects = wait.record.objects;
  std::set<std::uint32_t> held_up;
  for (const KnownNeed& need : wait.needs) {
    const auto at = held_up_at(need);
    const bool all_stuck =
        std::ranges::all_of(at, [&](rpc::Slot slot) { return slots.contains(slot); });
    if (!at.empty() && all_stuck) held_up.insert(need.need.object);
  }
  const auto stuck = std::ranges::count_if(
      objects, [&](std::uint32_t object) { return held_up.contains(object); });
  return static_cast<std::uint64_t>(stuck) > wait.record.spare;
}

// The way from what the wait needs to the call that its process, `slot`, runs, by waits of `among`. Empty if there is
// none.
std::vector<Waits::Step> Waits::way_back(const Wait& wait, rpc::Slot slot,
                                         std::set<rpc::Slot> among) const {
  std::vector<Step> path;
  leads_back(wait, slot, slot, among, path);
  return path;
}

bool Waits::leads_back(const Wait& wait, rpc::Slot slot, rpc::Slot goal,
                       std::set<rpc::Slot>& unseen, std::vector<Step>& path) const {
  for (const KnownNeed& need : wait.needs) {
    for (const rpc::Slot next : held_up_at(need)) {
      if (!unseen.contains(next)) continue;
      path.push_back({&wait, &need, slot});
      if (next == goal) return true;
      unseen.erase(next);
      if (any_leads_back(next, goal, unseen, path)) return true;
      path.pop_back();
    }
  }
  return false;
}

bool Waits::any_leads_back(rpc::Slot slot, rpc::Slot goal, std::set<rpc::Slot>& unseen,
                           std::vector<Step>& path) const {
  const WaitsOfProcess& waits = waits_.at(slot);
  return std::any_of(waits.begin(), waits.end(), [&](const auto& item) {
    return may_be_stuck(item.second) && leads_back(item.second, slot, goal, unseen, path);
  });
}

// Processes of which each waits, and of which at least one must end its wait before the need can be met. Empty: there
// are none.
std::vector<rpc::Slot> Waits::held_up_at(const KnownNeed& known) const {
  if (const auto slot = place_of(known.need)) {
    const Wait* const wait = wait_that_holds_up(*slot);
    const bool held_up = wait != nullptr && (known.need.kind == Need::Kind::kConstructor ||
                                             call_held_up(known, wait->record));
    return held_up ? std::vector{*slot} : std::vector<rpc::Slot>();
  }
  std::vector<rpc::Slot> holders = shortage_of(known).holders;
  const bool all_wait = std::ranges::all_of(
      holders, [this](rpc::Slot slot) { return wait_that_holds_up(slot) != nullptr; });
  return all_wait ? holders : std::vector<rpc::Slot>();
}

// Whether the call cannot be answered before the wait of its callee has ended.
bool Waits::call_held_up(const KnownNeed& known, const WaitRecord& record) const {
  const Need& need = known.need;
  const LaneRecord& lane = *callbacks_.lane(need.lane);
  if (lane.caller != known.of || lane.opened != known.opened) return false;
  const bool same_lane = record.sequence != 0 && record.lane == need.lane;
  if (lane.kind == LaneKind::kTask) {  // others may be returned
    return same_lane && record.sequence == need.sequence;
  }
  return same_lane ? need.sequence >= record.sequence
                   : need.sequence > callbacks_.started(need.lane);
}

Leasing::Shortage Waits::shortage_of(const KnownNeed& known) const {
  switch (known.need.kind) {
    case Need::Kind::kLease:
      return callbacks_.shortage(known.of, known.need);
    case Need::Kind::kConstructor:
      return callbacks_.shortage_of_actor(ActorId(known.need.hi, known.need.lo));
    default:
      return {};
  }
}

// The process in which the need will be met, if it is known.
std::optional<rpc::Slot> Waits::place_of(const Need& need) const {
  switch (need.kind) {
    case Need::Kind::kCall: {
      const LaneRecord* const lane = callbacks_.lane(need.lane);
      return lane == nullptr ? std::nullopt : std::optional(lane->callee);
    }
    case Need::Kind::kConstructor:
      return callbacks_.constructed_at(ActorId(need.hi, need.lo));
    case Need::Kind::kInPlace:
      return static_cast<rpc::Slot>(need.lane);
    default:
      return std::nullopt;
  }
}

const Waits::Wait* Waits::wait_that_holds_up(rpc::Slot slot) const {
  const auto process = waits_.find(slot);
  if (process == waits_.end()) return nullptr;
  for (const auto& [number, wait] : process->second) {
    if (wait.record.holds_up) return &wait;
  }
  return nullptr;
}

const Waits::Wait* Waits::any_wait(rpc::Slot slot) const {
  const auto process = waits_.find(slot);
  if (process == waits_.end()) return nullptr;
  const Wait* const holds_up = wait_that_holds_up(slot);
  return holds_up != nullptr ? holds_up : &process->second.begin()->second;
}

// ---------------------------------------------------------------- texts

// What the wait is said to be for: rather a call or a constructor than an object of another process.
const Waits::KnownNeed& Waits::first_of(const Wait& wait) {
  const auto call = std::find_if(wait.needs.begin(), wait.needs.end(), [](const KnownNeed& known) {
    return known.need.kind != Need::Kind::kObject;
  });
  return call == wait.needs.end() ? wait.needs.front() : *call;
}

std::string Waits::in_process(rpc::Slot slot) const {
  return " in process " + std::to_string(callbacks_.pid(slot));
}

// "Ping::ask in process 12 waits for Pong::tell; Pong::tell in process 13 waits for Ping::count, which cannot begin
// before Ping::ask has ended"
std::string Waits::text_of(const std::vector<Step>& path) const {
  std::string text;
  const std::size_t left_out = path.size() - std::min(path.size(), kMostStepsTold);
  for (std::size_t i = 0; i < path.size(); ++i) {
    if (left_out != 0 && i == kMostStepsTold - 1) {
      text += "; and so on, " + std::to_string(left_out) + " more";
      i += left_out;
    }
    const std::string& runs = path[(i + 1) % path.size()].wait->record.waiter;
    text += (i == 0 ? "" : "; ") + text_of(path[i], runs);
  }
  return text;
}

// `runs` is what the process runs to which the step leads.
std::string Waits::text_of(const Step& step, const std::string& runs) const {
  const std::string& needed = step.need->need.name;
  const std::string resource = shortage_of(*step.need).resource;
  std::string text = step.wait->record.waiter + in_process(step.slot) + " waits for " + needed;
  if (!resource.empty()) {
    text += ", which cannot begin before " + runs + " gives back what it holds of " + resource;
  } else if (needed != runs) {
    text += ", which cannot begin before " + runs + " has ended";
  }
  return text;
}

void Waits::tell_why(rpc::Slot to, std::uint64_t question, WhyStep step) {
  std::set<rpc::Slot> seen;
  for (int steps = 0; step.next && steps < kMostSteps && step.text.size() < kLongestWhy; ++steps) {
    const Need need = *std::exchange(step.next, std::nullopt);
    if (need.kind == Need::Kind::kObject) {
      const ObjectId object(need.hi, need.lo);
      const auto maker = callbacks_.maker_of(object);
      if (!maker || *maker == to) break;
      return callbacks_.send(
          *maker, WhyAskMaker{.object = object, .question = question, .asker = to}, step.text);
    }
    const auto slot = place_of(need);
    const Wait* const wait = slot ? any_wait(*slot) : nullptr;
    if (wait == nullptr || wait->needs.empty()) break;
    const KnownNeed& first = first_of(*wait);
    const std::size_t others = std::max<std::size_t>(wait->own, 1) - 1;
    step.text +=
        (need.name == wait->record.waiter ? ", where it" : ", where " + wait->record.waiter) +
        " waits for " + first.need.name;
    if (wait->since) step.text += ", since " + seconds_text(callbacks_.now_ms() - *wait->since);
    if (others != 0) {
      step.text += (wait->record.ends == WaitRecord::Ends::kSomeDone ? " or " : " and ") +
                   std::to_string(others) + " more";
    }
    if (const auto next = place_of(first.need)) step.text += in_process(*next);
    const std::string resource = shortage_of(first).resource;
    if (!resource.empty()) step.text += ", for which too little of " + resource + " is free";
    if (!seen.insert(*slot).second) break;
    step.next = first.need;
  }
  callbacks_.send(to, WhyTold{.question = question}, step.text);
}

}  // namespace manta::detail::node
