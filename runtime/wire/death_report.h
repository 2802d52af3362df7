// How a process of the session died, as its node tells it.
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "error_record.h"

namespace manta::detail {

struct DeathReport {
  int pid = 0;
  int signal = 0;
  int exit_code = 0;
  bool expected = false;  // the runtime asked for it
  // Number of the last call of the lane whose reply gives references.
  std::uint64_t reply_in_doubt = 0;
  std::string detail;  // of the signal: " at address 0x0"; may be empty
  std::string stack;   // one frame a line
  std::string output;  // its last lines
};

// A worker that wrote to a read-only array exits with this code; the last line of its output is the message.
inline constexpr int kReadOnlyWriteExit = 113;

DeathReport parse_death(std::span<const std::byte> payload);
std::string describe(const DeathReport& death);  // "was killed by signal 9, SIGKILL (Killed)"

// Whether it ended itself because the call that it was running wrote to a read-only array.
bool wrote_to_read_only(const DeathReport& death);

// "the worker process that ran f was killed by signal 9 (Killed) (pid 5) in attempt 1 of 4"
std::string crash_text(const DeathReport& death, const std::string& function, int attempt,
                       int attempts);

// What the call that it was running fails with: ReadOnlyWrite, else WorkerCrashed. `attempts`: at most; 0: for ever.
ErrorRecord crash_error(const DeathReport& death, const std::string& function, int attempt,
                        int attempts, const NodeId& node);

}  // namespace manta::detail
