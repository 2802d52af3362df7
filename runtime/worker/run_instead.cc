#include "run_instead.h"

#include <algorithm>
#include <chrono>

#include "../calls/senders.h"
#include "../ownership/tables.h"
#include "in_place.h"

namespace manta::detail {
namespace {

using Order = NeededCalls::Order;

constexpr auto kShortCall = std::chrono::milliseconds(1);
// A deadline is far away. Before a nearer one nothing is begun: what a call usually takes says little of this one.
constexpr auto kFarAway = std::chrono::seconds(10);
// How many times as long as usual a call may take.
constexpr int kMargin = 2;
// Up to so many objects are looked through again when a call comes back.
constexpr std::size_t kFew = 1000;

}  // namespace

RunInstead::RunInstead(InPlace& in_place, Senders& senders, std::span<ObjectEntry* const> needed,
                       std::span<ObjectEntry* const> enough, rpc::Deadline deadline)
    : in_place_(in_place),
      senders_(senders),
      needed_(needed),
      some_are_enough_(!enough.empty()),
      some_from_elsewhere_(std::any_of(
          enough.begin(), enough.end(),
          [](const ObjectEntry* entry) { return !entry->done() && entry->from_elsewhere(); })),
      deadline_(deadline),
      calls_(some_are_enough_ ? enough : needed,
             some_are_enough_ ? Order::kOldestFirst : Order::kNewestFirst),
      returned_(senders.tasks.returned()) {}

bool RunInstead::ends_in_time(const Call& call) const {
  if (!deadline_) return true;
  const auto left = *deadline_ - std::chrono::steady_clock::now();
  if (left < kFarAway) return false;
  const auto usual = senders_.tasks.run_times().usual(call);
  return !usual || *usual * kMargin < left;
}

// The rule that the header states, for one call.
bool RunInstead::worth_it(const Call& call, Patience patience) const {
  if (!ends_in_time(call)) return false;
  if (!some_are_enough_) return true;
  const auto usual = senders_.tasks.run_times().usual(call);
  if (usual && *usual < kShortCall) return true;
  const bool others_are_at_it =
      some_from_elsewhere_ || senders_.tasks.in_flight() || senders_.actors.active();
  return patience == Patience::kWaitedShortly && !others_are_at_it;
}

bool RunInstead::run_one(Patience patience) {
  if (has_more() || patience == Patience::kWaitedShortly) {
    returned_ = senders_.tasks.returned();
    calls_.start_again();
  }
  return in_place_.run_next(calls_, [&](const Call& call) { return worth_it(call, patience); });
}

bool RunInstead::has_more() const {
  return needed_.size() <= kFew && senders_.tasks.returned() != returned_;
}

void RunInstead::ask_for_calls_back(Tables& tables) {
  if (needed_.size() > kFew) return;
  const TablesLock lock(tables);
  for (const ObjectEntry* entry : needed_) {
    if (const Call* const call = entry->producer()) senders_.tasks.recall(*call);
  }
}

}  // namespace manta::detail
