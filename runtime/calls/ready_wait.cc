#include "ready_wait.h"

#include <utility>

#include "callbacks.h"
#include "completion.h"

namespace manta::detail {
namespace {

constexpr std::size_t kFirstTidied = 32;

}  // namespace

void ReadyWait::run(base::Ref<Command>, CallRouter&) {
  if (waits_ != nullptr) waits_->end(*this, End::kDone);
}

bool ReadyWaits::add(ObjectEntry* entry, const base::Ref<ReadyWait>& wait) {
  if (closed_) return false;
  wait->waits_ = this;
  wait->next_ = std::exchange(first_, wait.get());
  wait->here_ = &first_;
  if (wait->next_ != nullptr) wait->next_->here_ = &wait->next_;
  if (entry == nullptr || entry->done()) {
    end(*wait, ReadyWait::End::kDone);
  } else {
    link(*entry, wait);
  }
  return true;
}

// The entry's list leads one way, so that a cancelled wait stays in it. Each time that the list has grown to twice what
// was of use, those are taken out.
void ReadyWaits::link(ObjectEntry& entry, const base::Ref<ReadyWait>& wait) {
  const auto as_wait = [](rpc::MpscLink* link) {
    return dynamic_cast<ReadyWait*>(static_cast<Command*>(link));
  };
  rpc::MpscLink*& newest = entry.pending().commands;
  const ReadyWait* const last = as_wait(newest);
  wait->before_ = last == nullptr ? 0 : last->before_ + 1;
  wait->tidied_at_ = last == nullptr ? kFirstTidied : last->tidied_at_;
  if (wait->before_ >= wait->tidied_at_) {
    wait->before_ = 0;
    for (rpc::MpscLink** at = &newest; *at != nullptr;) {
      const ReadyWait* const other = as_wait(*at);
      if (other != nullptr && other->waits_ == nullptr) {
        const auto taken = base::Ref<Command>::adopt(static_cast<Command*>(*at));
        *at = taken->next;
      } else {
        wait->before_ += other != nullptr ? 1 : 0;
        at = &(*at)->next;
      }
    }
    wait->tidied_at_ = 2 * wait->before_ + kFirstTidied;
  }
  completion_.add_dependent(entry, wait);
}

void ReadyWaits::cancel(ReadyWait& wait) {
  if (wait.waits_ != nullptr) end(wait, ReadyWait::End::kCancelled);
}

void ReadyWaits::close() {
  closed_ = true;
  while (first_ != nullptr) end(*first_, ReadyWait::End::kSessionOver);
}

void ReadyWaits::end(ReadyWait& wait, ReadyWait::End end) {
  wait.waits_ = nullptr;
  *wait.here_ = wait.next_;
  if (wait.next_ != nullptr) wait.next_->here_ = wait.here_;
  callbacks_.add([self = base::Ref<ReadyWait>::retain(&wait), end] { self->over(end); },
                 Callbacks::Kind::kAsyncGet);
}

}  // namespace manta::detail
