#include "ref_stream.h"

#include "../../base/error.h"
#include "../process/process.h"
#include "../waiting/wait_objects.h"

namespace manta::detail {

void throw_moved_stream() {
  throw InvalidArgument("an ObjectRefStream was used after it was moved away");
}

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
    here.cancelling().cancel(*items->next(), {});
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
  here.cancelling().cancel(*items_->next(), {});
}

}  // namespace manta::detail
