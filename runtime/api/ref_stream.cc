#include "ref_stream.h"

#include "../../base/error.h"
#include "../process/process.h"
#include "../waiting/wait_objects.h"

namespace manta::detail {

void throw_moved_stream() {
  throw InvalidArgument("an ObjectRefStream was used after it was moved away");
}

namespace {

// In a local session all have one process, which does not know what a call of it has called. The streams that a
// generator reads go with its body.
void cancel_call_of(Process& process, const ItemStream& items) {
  process.cancelling().cancel(*items.next(), {.recursive = !process.attachment().local});
}

}  // namespace

Process& ItemRefs::process(const char* what) const {
  if (items_->session() != OpenSession::current_number()) {
    OpenSession::refuse_ended(what, "call", items_->task().hex());
  }
  return Process::current(what);
}

ItemRefs::~ItemRefs() {
  const auto process = Process::current_or_null();
  if (ended_ || !process || process->number() != items_->session()) return;
  process->submit(command_of([&here = *process, items = items_](const base::Ref<Command>&) {
    items->drop();
    if (items->next()->done()) return;
    items->next()->mark_seen();  // whatever it ends with, nobody wants it
    cancel_call_of(here, *items);
  }));
}

ObjectEntryRef ItemRefs::next() {
  if (ended_) return nullptr;
  Process& here = process("ObjectRefStream::next()");
  for (;;) {
    ObjectEntryRef following;
    {
      TablesLock lock(here.tables());
      if (ObjectEntryRef item = items_->take()) {
        const Call* const call = items_->is_bounded() ? items_->next()->producer() : nullptr;
        if (call == nullptr) return item;
        here.senders().tell_taken(*call, items_->taken());
        if (here.attachment().local) lock.serve_afterwards();  // the generator runs in this process
        return item;
      }
      following = items_->next();
      if (following->done()) {
        ended_ = true;
        return following->state() == ObjectState::kFailed ? following : nullptr;
      }
    }
    wait_done(*following, {});
  }
}

ObjectEntryRef ItemRefs::upcoming() const {
  const TablesLock lock(process("ObjectRefStream::upcoming()").tables());
  return items_->upcoming();
}

void ItemRefs::cancel() {
  Process& here = process("ObjectRefStream::cancel()");
  TablesLock lock(here.tables());
  lock.serve_afterwards();
  here.run_commands();  // so that what was submitted just now is known
  cancel_call_of(here, *items_);
}

}  // namespace manta::detail
