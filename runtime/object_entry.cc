#include <thread>

#include <manta/runtime/object_entry.h>
#include <manta/runtime/process.h>
#include <manta/runtime/unseen_errors.h>
#include <manta/runtime/wire/value_wire.h>

namespace manta::detail {

ObjectEntry::~ObjectEntry() {
  if (state() == ObjectState::failed && !seen()) log_unseen_error(*this);
  if (home == Home::local) return;
  const auto process = Process::current_or_null();
  if (!process || process->session() != session) return;
  process->objects().remove(*this);
  if (node_holds != 0) process->node().release(serialization::RefKind::object, id_, node_holds);
}

void ObjectEntry::complete(Value value) {
  value_ = std::move(value);
  const bool error = (value_.flags & kError) != 0;
  // SYNC: release publishes value_ to every thread that sees the state.
  state_.store(error ? ObjectState::failed : ObjectState::ready, std::memory_order_release);
}

void ObjectEntry::discard(Value error) {
  if (replacement_) return;
  replacement_ = std::make_unique<Value>(std::move(error));
  state_.store(ObjectState::failed);
  current_.store(replacement_.get());
  while (readers_.load() != 0) std::this_thread::yield();  // decoding a value is short
  value_ = Value();
}

}  // namespace manta::detail
