// The socket between node and driver after the start. The node writes the lines that its workers print; when the stream
// ends, the node is dead.
//
//   node --> driver   LogFrame | text: whole lines, tagged, each with its newline; or a notice (wire/notice.h)
//
// Threads: one reader. Errors: none: a stream that is broken counts as ended.
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
// SYNC: none, of both: shutdown_node() looks at them again and again, and only to see whether they change.
struct LogProgress {
  std::atomic<bool> printing{false};
  std::atomic<std::uint64_t> frames{0};
};

// Gives notices to `take_notice` and prints everything else, on the same stream of this process, until the node is
// gone. On a terminal the tags are in colour, unless NO_COLOR is set. It also says when the node is stopped. Blocks, so
// that it needs a thread of its own.
void run_log_stream(const Attachment& attachment,
                    const std::function<void(std::span<const std::byte>)>& take_notice,
                    LogProgress& progress);

}  // namespace manta::detail
