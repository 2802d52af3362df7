// A ReadyWait waits for one object without a thread: what is behind async_get().
//
//   made --ReadyWaits::add()--> waiting --object done, cancelled, session closed--> over: over() runs once
//
// Invariants: while it waits it is in the list of its entry and in that of its ReadyWaits; over() runs on the callback
//             thread, in the order in which waits and on_ready callbacks became due.
// Threads:    made by any; what is not said to be otherwise, under the tables lock.
#pragma once
#include <cstddef>
#include <cstdint>

#include "../ownership/object_entry.h"

namespace manta::detail {

class Callbacks;
class Completion;
class ReadyWaits;

class ReadyWait : public Command {
 public:
  enum class End : std::uint8_t { kDone, kCancelled, kSessionOver };

  // On the callback thread, without a lock. What it throws is logged.
  virtual void over(End end) = 0;

  void run(base::Ref<Command> self, CallRouter& router) final;  // the object is done

 private:
  friend class ReadyWaits;

  ReadyWaits* waits_ = nullptr;  // null: it does not wait
  ReadyWait* next_ = nullptr;    // of all that wait
  ReadyWait** here_ = nullptr;   // what points to this
  // See ReadyWaits::link(): how many waits were in the entry's list before this, and at which number it is tidied.
  std::size_t before_ = 0;
  std::size_t tidied_at_ = 0;
};

// Those of one process.
class ReadyWaits {
 public:
  ReadyWaits(Completion& completion, Callbacks& callbacks)
      : completion_(completion), callbacks_(callbacks) {}

  // False: the session is being closed, and nothing will happen. With a done object, or none, it is over at once.
  bool add(ObjectEntry* entry, const base::Ref<ReadyWait>& wait);
  void cancel(ReadyWait& wait);  // nothing if it is over
  void close();                  // ends all

 private:
  friend class ReadyWait;
  void link(ObjectEntry& entry, const base::Ref<ReadyWait>& wait);
  void end(ReadyWait& wait, ReadyWait::End end);

  Completion& completion_;
  Callbacks& callbacks_;
  ReadyWait* first_ = nullptr;
  bool closed_ = false;
};

}  // namespace manta::detail
