// The WaitingThreads of a process are those of user code that wait: through the baton, and counted where the executor's
// thread may bring about what they wait for.
//
// Threads: any.
#pragma once
#include "../../rpc/progress.h"
#include "../ownership/ownership.h"
#include "../ownership/tables.h"

namespace manta::detail {

class WaitingThreads {
 public:
  WaitingThreads(Tables& tables, const Ownership& ownership, rpc::Progress& progress, bool local)
      : tables_(tables), ownership_(ownership), progress_(progress), local_(local) {}

  rpc::Progress& progress() { return progress_; }
  Tables& tables() { return tables_; }
  bool local() const { return local_; }  // the session is
  bool node_dead() const { return ownership_.dead(); }
  // Whoever waits gives up.
  bool session_over() const { return ownership_.dead() || ownership_.closed(); }

  // A thread that is not the executor's begins to wait, or ceases to: what the executor completes in place must
  // wake it.
  void begin_beside() { count_beside(1); }
  void end_beside() {
    count_beside(-1);
    if (session_over()) progress_.wake_all();  // the session waits for us
  }
  int beside() const { return beside_; }  // under the tables lock

 private:
  void count_beside(int change) {
    const TablesLock lock(tables_);
    beside_ += change;
  }

  Tables& tables_;
  const Ownership& ownership_;
  rpc::Progress& progress_;
  const bool local_;
  int beside_ = 0;  // under the tables lock
};

}  // namespace manta::detail
