#include "object_entry.h"

#include <chrono>
#include <iterator>
#include <new>
#include <thread>
#include <utility>

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
  if (done()) {
    if (!value_.references().empty()) release_in_turn(value_.take_references());
    if (state() == ObjectState::kFailed && !seen()) log_unseen_error(*this);
  }
  if (home() != Home::kLocal) leave_session();
  delete instead_.load();  // SYNC: none: the last ref is gone, whose count orders it
  if (done()) {
    value_.~Value();
    return;
  }
  // A call that waits for it has a ref to it: only other work can be left.
  rpc::MpscList<Command> commands(pending_.commands);
  while (!commands.empty()) base::Ref<Command>::adopt(commands.pop_front());
}

void ObjectEntry::leave_session() {
  const auto open = OpenSession::current_or_null();
  if (open && open->number() == session) open->last_ref_gone(*this);
}

void ObjectEntry::add_dependent(RefArgument& argument, base::Ref<Command> call) {
  argument.call = call.detach();
  argument.next = std::exchange(pending_.arguments, &argument);
}

void ObjectEntry::add_dependent(base::Ref<Command> command) {
  command->next = pending_.commands;
  pending_.commands = command.detach();
}

ObjectEntry::Pending ObjectEntry::complete(Value value) {
  const Pending was = pending_;
  const auto state = value.is_error() ? ObjectState::kFailed : ObjectState::kReady;
  new (&value_) Value(std::move(value));
  // SYNC: release publishes value_ to every thread that sees the state.
  status_.store(status(state, home()), std::memory_order_release);
  return was;
}

void ObjectEntry::discard(Value error) {
  if (instead_.load() != nullptr) return;
  // SYNC: sequentially consistent, as all here: whoever is counted as a reader after this reads the error.
  instead_.store(new Value(std::move(error)));
  status_.store(status(ObjectState::kFailed, home()));
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
