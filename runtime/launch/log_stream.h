// The socket between node and driver after start-up: the node writes lines of its workers' output, and
// its end is how the driver learns of the node's death.
//
//   node --> driver   LogFrame | text: whole lines, tagged, each with its newline; or a notice (notices.h)
//
// Threads: one reader. Errors: none: a broken stream is an ended one.
#pragma once
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>

#include "../../base/build_settings.h"
#include "entry.h"

namespace manta::detail {

struct LogFrame {
  std::uint32_t size = 0;    // bytes of text that follow, at most kMaxLogText
  std::uint32_t stream = 1;  // 1: standard output, 2: standard error, 3: a notice
  std::uint32_t tag = 0;     // bytes at the beginning of each line that say whose it is
};
inline constexpr std::uint32_t kMaxLogText = 64 * 1024;
inline constexpr std::uint32_t kNoticeStream = 3;

// What the thread that prints tells others.
struct LogProgress {
  std::atomic<bool> printing{false};  // SYNC: none: who looks looks again
  std::atomic<std::uint64_t> frames{0};
};

// Gives notices to `take_notice` and prints all else that arrives, on the same stream of this process, until the node is
// gone; the tags in colour where it is a terminal (and NO_COLOR is not set). Says when the node is stopped. Blocks; for a
// thread of its own.
void run_log_stream(const Attachment& attachment,
                    const std::function<void(std::span<const std::byte>)>& take_notice,
                    LogProgress& progress);

}  // namespace manta::detail
