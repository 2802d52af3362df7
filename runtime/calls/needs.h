// Finds what of other processes must happen before an object of this one is done: the call that makes it, or what that
// call still waits for.
//
//   object <- call, in flight in a lane           Need::call
//          <- call behind another in an actor's queue, or with arguments that are not there: what those need
//          <- task that waits for a worker                                             Need::lease
//          <- made in another process             Need::object
//
// Of several calls in one lane the last is enough where they are answered in turn (an actor's), the first where they
// may be given back (tasks). Where one of many objects may end a wait, each has needs of its own.
// Threads: confined, under the tables lock.
#pragma once
#include <map>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

#include "../ownership/object_entry.h"
#include "../wire/waits.h"

namespace manta::detail {

class CallLane;
class Ownership;
struct Senders;

class Needs {
 public:
  Needs(Ownership& ownership, const Senders& senders) : ownership_(ownership), senders_(senders) {}

  void add(const ObjectEntry& entry, std::uint32_t object = 0);  // Need::object
  std::vector<Need> take();

 private:
  void look_at(const ObjectEntry& entry);
  void add_call(const Call& call);
  void add_arguments(const Call& call);
  void add_unsent(const Call& call);
  void add_lease(const Call& call);
  void add_in_lane(const CallLane& lane, std::uint64_t sequence, const Call& call);

  Ownership& ownership_;
  const Senders& senders_;
  std::vector<const ObjectEntry*> to_look_at_;
  std::unordered_set<const ObjectEntry*> seen_;
  std::uint32_t object_ = 0;
  std::size_t looked_at_ = 0;
  std::map<std::pair<std::uint32_t, std::uint32_t>, Need> in_lanes_;  // by object and lane
  std::vector<Need> others_;
};

// As Need::name and WaitRecord::waiter: one line, not long.
std::string name_in_waits(std::string_view name);

}  // namespace manta::detail
