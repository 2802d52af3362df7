#include "needed_calls.h"

#include "call.h"

namespace manta::detail {

ObjectEntry* NeededCalls::next_object() {
  while (looked_at_ < objects_.size()) {
    const std::size_t at =
        order_ == Order::kOldestFirst ? looked_at_ : objects_.size() - 1 - looked_at_;
    ++looked_at_;
    if (!objects_[at]->done()) return objects_[at];
  }
  return nullptr;
}

ObjectEntry* NeededCalls::next_argument(Step& step, const Call& call) {
  const auto refs = call.refs();
  if (step.arguments == kUnknown) step.arguments = refs.size();
  while (step.arguments > 0) {
    ObjectEntry* const argument = refs[--step.arguments].entry.get();
    if (!argument->done() && seen_.insert(argument).second) return argument;
  }
  return nullptr;
}

const Call* NeededCalls::next(const std::function<bool(const Call&)>& may_run) {
  for (;;) {
    if (path_.empty()) {
      ObjectEntry* const object = next_object();
      if (object == nullptr) return nullptr;
      path_.push_back({ObjectEntryRef::retain(object)});
    }
    Step& step = path_.back();
    const Call* const call = step.object->producer();
    if (call != nullptr && call->missing() > 0) {
      if (ObjectEntry* const argument = next_argument(step, *call)) {
        path_.push_back({ObjectEntryRef::retain(argument)});
        continue;
      }
    } else if (call != nullptr && call->state() == CallState::kQueued && may_run(*call)) {
      return call;  // the step stays: when we are asked again it is done, and gone
    }
    path_.pop_back();
  }
}

void NeededCalls::start_again() {
  looked_at_ = 0;
  path_.clear();
  seen_.clear();
}

}  // namespace manta::detail
