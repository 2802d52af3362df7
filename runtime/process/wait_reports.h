// The WaitReports of a process are what its threads have told the node that they wait for, by the numbers that the node
// knows them by; see waiting/wait_report.h.
//
// Threads: under the tables lock; ToldWait::refused: any.
#pragma once
#include <atomic>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "../wire/node_messages.h"

namespace manta::detail {

struct ToldWait {
  std::string cycle;  // written before:
  std::atomic<bool> refused{false};
};

class WaitReports {
 public:
  std::uint64_t add(ToldWait& wait) {
    told_[++last_] = &wait;
    return last_;
  }
  void remove(std::uint64_t number) { told_.erase(number); }
  // The node has found that the wait would never end.
  void on(const WaitRefused& refused, std::string_view cycle) {
    const auto found = told_.find(refused.wait);
    if (found == told_.end() || found->second->refused.load()) return;  // it is over already
    found->second->cycle = cycle;
    // SYNC: release: whoever sees it sees the cycle.
    found->second->refused.store(true, std::memory_order_release);
  }

 private:
  std::uint64_t last_ = 0;
  std::map<std::uint64_t, ToldWait*> told_;
};

}  // namespace manta::detail
