// The RunTimes of a process are how long its tasks ran before, by their code: a mean in which the last eight calls
// count most. By them a lease is filled, and a waiting task decides what it runs itself.
//
// Threads: confined, under the tables lock.
#pragma once
#include <chrono>
#include <cstdint>
#include <optional>
#include <unordered_map>

#include "call.h"

namespace manta::detail {

class RunTimes {
 public:
  void learn(const Call& call, std::uint32_t run_ns);
  std::optional<std::chrono::nanoseconds> usual(const Call& call) const;
  std::uint32_t estimate(const Call& call) const;  // ns, saturating; of code that never ran 1 ms

  static std::uint64_t code_key(const Call& call);  // the same for calls of the same code

 private:
  std::unordered_map<std::uint64_t, std::uint64_t> run_ns_;
};

}  // namespace manta::detail
