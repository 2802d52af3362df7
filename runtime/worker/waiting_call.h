// The call that a thread which waits belongs to: as long as it waits, the call's CPU may be lent to others
// (Turn::Waits). In a worker that is the call that runs, whichever thread of the process waits; in a local session that
// which runs on the thread, or has started it.
//
// Threads: confined to the thread that waits, which holds no lock of the runtime. Errors: none.
#pragma once
#include <optional>
#include <string>

#include "../process/waiting_threads.h"
#include "executor.h"

namespace manta::detail {

class WaitingCall {
 public:
  explicit WaitingCall(WaitingThreads& threads);

  bool any() const { return executor_ != nullptr; }
  bool own_thread() const { return own_thread_; }  // it is the executor's
  Executor& executor() const { return *executor_; }
  void begin_to_wait();

 private:
  // Counts a thread that waits and is not the executor's.
  class Beside {
   public:
    explicit Beside(WaitingThreads& threads) : threads_(threads) { threads_.begin_beside(); }
    ~Beside() { threads_.end_beside(); }
    Beside(const Beside&) = delete;

   private:
    WaitingThreads& threads_;
  };

  WaitingThreads& threads_;
  std::optional<Beside> beside_;
  Executor* executor_;
  const bool own_thread_;
};

// Lends the CPU of the call that waits for the object store, if there is one: from lend() on, until this is gone.
// What the node does for those that wait, spilling and reading back, takes moments, and needs no worker in their place,
// whose arguments would take the room that is made: see waits_for_others().
class LentCpu {
 public:
  explicit LentCpu(WaitingThreads& threads) : call_(threads) {}
  void lend();

 private:
  WaitingCall call_;
  std::optional<Turn::Waits> waits_;
};

// As WaitRecord::waiter: the name of the call that the calling thread waits for the object store in.
std::string name_of_waiter(const WaitingThreads& threads);

}  // namespace manta::detail
