// A WaitReport tells the node what a thread of a worker waits for, when it waits for long, and hears from it when that is
// itself: calls that wait for each other (decision 010).
//
//   nothing told --tell()--> told --tell(), changed--> told anew --destroyed--> taken back
//                             \--the node: a cycle--> refused
//
// Threads: one WaitReport belongs to the thread that waits; refused() and WaitReports are for the holder of the baton, too.
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

// Of one process, under the tables lock.
class WaitReports {
 public:
  std::uint64_t add(WaitReport& report);
  void remove(std::uint64_t number) { told_.erase(number); }
  void refuse(std::uint64_t number, std::string_view cycle);  // the node's message

 private:
  std::uint64_t last_ = 0;
  std::map<std::uint64_t, WaitReport*> told_;
};

class WaitReport {
 public:
  WaitReport(Process& process, bool deadline) : process_(process), deadline_(deadline) {}
  ~WaitReport();
  WaitReport(const WaitReport&) = delete;

  // The same objects each time; of those of which some are enough, some hundreds do.
  void tell(std::span<ObjectEntry* const> objects, WaitRecord::Ends ends);

  // SYNC: acquire: who sees it sees the cycle.
  bool refused() const { return refused_.load(std::memory_order_acquire); }
  // What waits for what, from the call that waits here back to it.
  const std::string& cycle() const { return cycle_; }
  const std::string& waiter() const { return waiter_; }

 private:
  friend class WaitReports;

  bool holds_up_its_call();
  void add_needs(WaitRecord& record, std::span<ObjectEntry* const> objects) const;

  Process& process_;
  const bool deadline_;
  std::uint64_t number_ = 0;  // 0: nothing told
  std::vector<std::byte> told_;
  std::optional<FutexSleep> join_;  // of the executor's thread, seen from another one
  std::string waiter_;
  std::string cycle_;
  std::atomic<bool> refused_{false};
};

}  // namespace manta::detail
