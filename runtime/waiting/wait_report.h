// A WaitReport tells the node what a thread of a worker has been waiting for long for, and hears from the node if the
// thread waits for itself: calls that wait for each other (decision 010).
//
//   nothing told --tell()--> told --tell(), if it has changed--> told anew --destroyed--> taken back
//                             \--the node has found a cycle--> refused
//
// Errors:  none. Threads: a WaitReport belongs to the thread that waits; refused(), and WaitReports, also to the holder
//          of the baton.
#pragma once
#include <atomic>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "../ownership/object_entry.h"
#include "../wire/waits.h"
#include "thread_sleep.h"

namespace manta::detail {

class Process;
class WaitReport;

// The reports of one process, by their numbers, which the node knows. Under the tables lock.
class WaitReports {
 public:
  std::uint64_t add(WaitReport& report);
  void remove(std::uint64_t number) { told_.erase(number); }
  // The node has found that this wait is part of a cycle.
  void refuse(std::uint64_t number, std::string_view cycle);

 private:
  std::uint64_t last_ = 0;
  std::map<std::uint64_t, WaitReport*> told_;
};

class WaitReport {
 public:
  WaitReport(Process& process, bool deadline) : process_(process), deadline_(deadline) {}
  ~WaitReport();
  WaitReport(const WaitReport&) = delete;

  // To be called with the same objects each time. If some of them end the wait, the first hundreds will do.
  void tell(std::span<ObjectEntry* const> objects, WaitRecord::Ends ends);

  // SYNC: acquire: the text of the cycle.
  bool refused() const { return refused_.load(std::memory_order_acquire); }
  // After a refusal: what waits for what, from the call that waits here back to itself; and the name of that call.
  const std::string& cycle() const { return cycle_; }
  const std::string& waiter() const { return waiter_; }

 private:
  friend class WaitReports;

  bool holds_up_its_call();
  void add_needs(WaitRecord& record, std::span<ObjectEntry* const> objects) const;

  Process& process_;
  const bool deadline_;
  std::uint64_t number_ = 0;  // 0: nothing has been told
  std::vector<std::byte> told_;
  std::optional<FutexSleep> join_;  // of the executor's thread, if another one waits here
  std::string waiter_;
  std::string cycle_;
  std::atomic<bool> refused_{false};
};

}  // namespace manta::detail
