// The RunTimes of a process are how long its tasks ran before, by their code: a mean in which the last eight calls
// count most. By them a lease is filled, and a waiting task decides what it runs itself. Of calls that work on many
// elements of a range (CallSite::elements) the mean is that of one element: by it the next ones get their number.
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
  using Picoseconds = std::chrono::duration<std::uint64_t, std::pico>;
  std::optional<Picoseconds> of_one_element(const CallSite& site) const;

  static std::uint64_t code_key(const Call& call);  // the same for calls of the same code

 private:
  std::unordered_map<std::uint64_t, Picoseconds> known_;  // of one element
};

}  // namespace manta::detail
