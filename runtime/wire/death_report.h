// How a process of the session died: its node finds out (node/death_report.h), and tells those that dealt with it, by
// message (LaneDead) and by text in errors.
// Threads: any. Errors: what cannot be decoded is nothing.
#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "error_record.h"

namespace manta::detail {

struct DeathReport {
  // Of a text, so that a report fits into a message.
  static constexpr std::size_t kMaxText = 16 * 1024;

  std::int32_t pid = 0;
  std::int32_t signal = 0;  // 0: it exited
  std::int32_t exit_code = 0;
  bool expected = false;       // the runtime asked for it
  bool out_of_memory = false;  // memory ran out: its node has ended it, or the kernel
  // Of the signal: " at address 0x0"; of an exit: why it has ended itself. May be empty.
  std::string detail = {};
  std::string stack = {};   // one frame a line, from the crash on
  std::string output = {};  // its last lines
};

std::vector<std::byte> encode(const DeathReport& death);
std::optional<DeathReport> decode_death(std::span<const std::byte> bytes);

// A worker that wrote to a read-only array exits with this code; the last line of its output is the message.
inline constexpr int kReadOnlyWriteExit = 113;
// With this one if it has ended itself, and its node knows the reason (launch/give_up.h).
inline constexpr int kGivenUpExit = 115;

// "was killed by signal 9, SIGKILL (Killed) (pid 5)".
std::string describe(const DeathReport& death);
// "process 5 was killed by signal 9, SIGKILL (Killed)", with its stack and its output
std::string full_text(const DeathReport& death);

// Whether it ended itself because the call that it was running wrote to a read-only array.
bool wrote_to_read_only(const DeathReport& death);

// "the worker process that ran f was killed by signal 9 (Killed) (pid 5) in attempt 1 of 4"
std::string crash_text(const DeathReport& death, const std::string& function, int attempt,
                       int attempts);

// What the call that it was running fails with: ReadOnlyWrite, OutOfMemory, else WorkerCrashed. `attempts`: at most; 0:
// for ever. `remark`: follows how it ended; may be empty.
ErrorRecord crash_error(const DeathReport& death, const std::string& function, int attempt,
                        int attempts, const NodeId& node, std::string_view remark = {});

}  // namespace manta::detail
