// The tables of a process (entries' homes, senders, dependents) change under one lock: the holder of the progress baton
// has it while it polls, other threads for a few instructions.
//
// Threads: any; a thread may hold the lock once.
#pragma once
#include <mutex>

#include "../../rpc/progress.h"

namespace manta::detail {

class Tables {
 public:
  explicit Tables(rpc::Progress& progress) : progress_(progress) {}

  // There is something new to serve: now, or, if this thread holds the lock, when it gives it back.
  void serve_soon();

 private:
  friend class TablesLock;
  std::mutex mutex_;
  rpc::Progress& progress_;
};

class TablesLock {
 public:
  explicit TablesLock(Tables& tables);
  ~TablesLock();
  TablesLock(const TablesLock&) = delete;
  void serve_afterwards() { serve_afterwards_ = true; }

  static bool held_by_this_thread() noexcept;  // may be called in signal handlers

 private:
  friend class Tables;
  Tables& tables_;
  std::unique_lock<std::mutex> lock_;
  TablesLock* const outer_;  // of this thread
  bool serve_afterwards_ = false;
};

}  // namespace manta::detail
