// LongCalls say which calls of tasks seem to run for long: then the caller tells the user of those whose results nobody
// waits for any more, since dropping a ref does not cancel its task.
//
// The node sees only when a lane has last begun a call, not whether that has ended, which the caller knows. It is asked
// after 10 s, and then after twice as long each time.
// Threads: confined. Units: milliseconds.
#pragma once
#include <cstdint>
#include <unordered_map>
#include <vector>

#include "lane_table.h"

namespace manta::detail::node {

inline constexpr std::int64_t kLongCallMs = 10'000;

class LongCalls {
 public:
  struct LongCall {
    rpc::Slot caller = 0;
    CallRunsLong message;
  };
  // Of all lanes of tasks, from time to time: whom to tell what.
  std::vector<LongCall> look(const std::vector<TaskLane>& lanes, std::int64_t now_ms);

 private:
  struct Begun {
    std::uint64_t opened = 0;
    std::uint64_t started = 0;
    std::int64_t since = 0;
    std::int64_t tell_after = kLongCallMs;
  };
  std::unordered_map<std::uint32_t, Begun> begun_;
};

}  // namespace manta::detail::node
