// A WaitReport tells the node what a thread of a worker waits for, after it has waited for some time, and hears from
// the node if the thread waits for itself: calls that wait for each other (decision 010).
//
//   nothing told --tell()--> told --tell(), if it has changed--> told anew --destroyed--> taken back
//                             \--the node has found a cycle--> refused
//
// Errors:  none. Threads: a WaitReport belongs to the thread that waits; refused() may be called from any.
#pragma once
#include <atomic>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "../ownership/object_entry.h"
#include "../process/wait_reports.h"
#include "../wire/waits.h"
#include "../worker/thread_sleep.h"

namespace manta::detail {

class Process;

class WaitReport {
 public:
  WaitReport(Process& process, bool deadline) : process_(process), deadline_(deadline) {}
  ~WaitReport();
  WaitReport(const WaitReport&) = delete;

  // To be called with the same objects each time. If some of them end the wait, the first hundreds will do; all but
  // `spare` of them must be done then.
  void tell(std::span<ObjectEntry* const> objects, WaitRecord::Ends ends, std::size_t spare);

  // SYNC: acquire: the text of the cycle.
  bool refused() const { return at_node_.refused.load(std::memory_order_acquire); }
  // After a refusal: what waits for what, from the call that waits here back to itself; and the name of that call.
  const std::string& cycle() const { return at_node_.cycle; }
  const std::string& waiter() const { return waiter_; }

 private:
  bool holds_up_its_call();
  void add_needs(WaitRecord& record, std::span<ObjectEntry* const> objects) const;

  Process& process_;
  const bool deadline_;
  std::uint64_t number_ = 0;  // 0: nothing has been told
  std::vector<std::byte> told_;
  std::optional<FutexSleep> join_;  // of the executor's thread, if another one waits here
  std::string waiter_;
  ToldWait at_node_;
};

}  // namespace manta::detail
