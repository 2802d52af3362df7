#include "publications.h"

#include <utility>

namespace manta::detail::node {

using Kind = PublicationStep::Kind;

namespace {

std::size_t size_of(const SharedBytes& value) { return value == nullptr ? 0 : value->size(); }

}  // namespace

Publications::Record& Publications::record(ObjectId id) {
  const auto [entry, fresh] = records_.try_emplace(id);
  if (fresh) unsettled_.push_back(id);
  return entry->second;
}

std::optional<ProcessSlot> Publications::maker_of(ObjectId id) const {
  const auto found = records_.find(id);
  if (found == records_.end() || found->second.state != State::kPending) return std::nullopt;
  return found->second.maker;
}

void Publications::complete(ObjectId id, Record& record, SharedBytes value) {
  record.state = State::kDone;
  bytes_ -= size_of(record.value);
  record.value = std::move(value);
  bytes_ += size_of(record.value);
  steps_.push_back({.kind = Kind::kHoldContents, .object = id, .value = record.value});
  for (const ProcessSlot process : record.subscribers) {
    steps_.push_back(
        {.kind = Kind::kSendValue, .object = id, .process = process, .value = record.value});
  }
  record.subscribers = {};
}

void Publications::publish(ObjectId id, ProcessSlot maker, SharedBytes value) {
  Record& object = record(id);
  object.maker = maker;
  object.holders.add(maker, 1);
  if (object.holders.unused()) unsettled_.push_back(id);
  if (object.state != State::kUnknown) return;  // freed or given up before this was read
  if (value == nullptr) {
    object.state = State::kPending;
  } else {
    complete(id, object, std::move(value));
  }
}

void Publications::fulfil(ObjectId id, SharedBytes value) {
  const auto entry = records_.find(id);
  if (entry == records_.end() || entry->second.state == State::kDone) return;  // freed meanwhile
  complete(id, entry->second, std::move(value));
}

void Publications::subscribe(ObjectId id, ProcessSlot process) {
  Record& object = record(id);
  if (object.state == State::kDone) {
    steps_.push_back(
        {.kind = Kind::kSendValue, .object = id, .process = process, .value = object.value});
  } else {
    object.subscribers.push_back(process);
  }
}

void Publications::free(ObjectId id, SharedBytes freed_error) {
  Record& object = record(id);
  if (object.freed) return;
  if (object.state == State::kDone) {
    steps_.push_back({.kind = Kind::kReleaseContents, .object = id, .value = object.value});
  }
  object.freed = true;
  complete(id, object, std::move(freed_error));
  object.holders.for_each([&](ProcessSlot process) {
    steps_.push_back({.kind = Kind::kSendFreed, .object = id, .process = process});
  });
}

void Publications::add_holds(ObjectId id, ProcessSlot process, std::int64_t count) {
  Record& object = record(id);
  object.holders.add(process, count);
  if (object.holders.unused()) unsettled_.push_back(id);
}

void Publications::fail_pending(ProcessSlot process, const SharedBytes& owner_died) {
  for (auto& [id, object] : records_) {
    std::erase(object.subscribers, process);
    if (object.state == State::kPending && object.maker == process) {
      complete(id, object, owner_died);
    }
  }
}

void Publications::strike(ProcessSlot process) {
  for (auto& [id, object] : records_) {
    if (object.holders.strike(process) && object.holders.unused()) unsettled_.push_back(id);
  }
}

std::vector<ObjectId> Publications::take_unsettled() { return std::exchange(unsettled_, {}); }

void Publications::settle(ObjectId id, const SharedBytes& lost_error) {
  const auto entry = records_.find(id);
  if (entry == records_.end()) return;
  Record& object = entry->second;
  if (object.state == State::kUnknown) complete(id, object, lost_error);
  if (!object.holders.unused()) return;
  // Pending and unheld: its maker will still fulfil it, into nothing.
  if (object.state == State::kDone) {
    steps_.push_back({.kind = Kind::kReleaseContents, .object = id, .value = object.value});
  }
  bytes_ -= size_of(object.value);
  records_.erase(entry);
}

}  // namespace manta::detail::node
