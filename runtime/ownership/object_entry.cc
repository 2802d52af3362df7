#include "object_entry.h"

#include <chrono>
#include <iterator>
#include <thread>

#include "../wire/value_wire.h"
#include "open_session.h"
#include "unseen_errors.h"

namespace manta::detail {

namespace {

// The last ref to an object drops those inside its value, and so on: one after the other, however long the chain is.
void release_in_turn(std::vector<serialization::Reference> references) {
  thread_local std::vector<serialization::Reference>* waiting = nullptr;
  if (waiting != nullptr) {
    std::move(references.begin(), references.end(), std::back_inserter(*waiting));
    return;
  }
  waiting = &references;
  while (!references.empty()) {
    const auto next = std::move(references.back());
    references.pop_back();
  }
  waiting = nullptr;
}

}  // namespace

ObjectEntry::~ObjectEntry() {
  if (!value_.references().empty()) release_in_turn(std::move(value_.attached->references));
  if (state() == ObjectState::kFailed && !seen()) log_unseen_error(*this);
  if (home == Home::kLocal) return;
  const auto open = OpenSession::current_or_null();
  if (open && open->number() == session) open->last_ref_gone(*this);
}

void ObjectEntry::complete(Value value) {
  value_ = std::move(value);
  const bool error = (value_.flags & kError) != 0;
  // SYNC: release publishes value_ to every thread that sees the state.
  state_.store(error ? ObjectState::kFailed : ObjectState::kReady, std::memory_order_release);
}

void ObjectEntry::discard(Value error) {
  if (replacement_) return;
  replacement_ = std::make_unique<Value>(std::move(error));
  state_.store(ObjectState::kFailed);
  current_.store(replacement_.get());
  // Decoding a value is short, but it may run user code, which must not wait for us for ever: then the value stays
  // until the entry goes.
  const auto patience = std::chrono::steady_clock::now() + std::chrono::seconds(1);
  while (readers_.load() != 0) {
    if (std::chrono::steady_clock::now() > patience) return;
    std::this_thread::yield();
  }
  value_ = Value();
}

}  // namespace manta::detail
