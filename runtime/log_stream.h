// The socket between node and driver after start-up: the node writes lines of its workers' output, and
// its end is how the driver learns of the node's death.
//
//   node --> driver   LogFrame | text: whole lines, tagged, each with its newline
//
// Threads: one reader. Errors: none: a broken stream is an ended one.
#pragma once
#include <cstdint>

#include <manta/base/build_settings.h>
#include <manta/runtime/entry.h>

namespace manta::detail {

struct LogFrame {
  std::uint32_t size = 0;    // bytes of text that follow, at most kMaxLogText
  std::uint32_t stream = 1;  // 1: standard output, 2: standard error
};
inline constexpr std::uint32_t kMaxLogText = 64 * 1024;

// Prints what arrives on the same stream of this process, until the node is gone; says when the node is stopped.
// Blocks; for a thread of its own.
void run_log_stream(const Attachment& attachment);

}  // namespace manta::detail
