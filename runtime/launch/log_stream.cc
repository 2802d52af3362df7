#include "log_stream.h"

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <errno.h>
#include <poll.h>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <unistd.h>

namespace manta::detail {
namespace {

constexpr int kLookEveryMs = 3000;  // whether the node is stopped

bool receive_all(int socket, void* to, std::size_t size) {
  auto* at = static_cast<char*>(to);
  while (size > 0) {
    const ssize_t n = recv(socket, at, size, 0);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    at += n;
    size -= static_cast<std::size_t>(n);
  }
  return true;
}

bool wants_colour(int stream) {
  const char* const forbidden = std::getenv("NO_COLOR");
  return ::isatty(stream) != 0 && (forbidden == nullptr || *forbidden == '\0');
}

// For a terminal. The tag of each line is in colour, and is written again after each return to the beginning of the
// line, so that a progress bar does not overwrite it.
std::string coloured(std::string_view lines, std::size_t tag_size) {
  std::string text;
  while (!lines.empty()) {
    std::string_view line = lines.substr(0, lines.find('\n') + 1);
    lines.remove_prefix(line.size());
    const std::size_t size = std::min(tag_size, line.size());
    const std::string tag = "\x1b[36m" + std::string(line.substr(0, size)) + "\x1b[0m";
    text += tag;
    for (const char c : line.substr(size, line.size() - size - 1)) {
      text += c;
      if (c == '\r') text += tag;
    }
    text += '\n';
  }
  return text;
}

// Through stdio, so that it does not cut into what the driver prints by one call.
void print(std::FILE* stream, std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), stream);
  std::fflush(stream);
}

// Says that the node is stopped, once each time.
class StopWatch {
 public:
  explicit StopWatch(pid_t node) : node_(node) {}
  void look() {
    const bool stopped = process_state(node_) == 'T';
    if (stopped && !said_) {
      std::fprintf(stderr,
                   "manta: the node process (pid %d) does not answer%s; calls wait for it\n", node_,
                   why_silent(node_).c_str());
    }
    said_ = stopped;
  }

 private:
  pid_t node_;
  bool said_ = false;
};

}  // namespace

void run_log_stream(const Attachment& attachment,
                    const std::function<void(std::span<const std::byte>)>& take_notice,
                    LogProgress& progress) {
  const bool colour[] = {wants_colour(STDOUT_FILENO), wants_colour(STDERR_FILENO)};
  const int socket = attachment.socket.get();
  StopWatch watch(attachment.node_pid);
  std::string text;
  for (LogFrame frame;;) {
    pollfd entry{.fd = socket, .events = POLLIN, .revents = 0};
    if (::poll(&entry, 1, kLookEveryMs) == 0) {
      watch.look();
      continue;
    }
    if (!receive_all(socket, &frame, sizeof frame) || frame.size > kMaxLogText) return;
    text.resize(frame.size);
    if (!receive_all(socket, text.data(), text.size())) return;
    if (frame.stream == kNoticeStream) {
      take_notice(std::as_bytes(std::span(text)));
      continue;
    }
    const bool error = frame.stream == 2;
    const bool whole_lines = !text.empty() && text.back() == '\n';
    if (colour[error ? 1 : 0] && frame.tag != 0 && whole_lines) text = coloured(text, frame.tag);
    progress.printing.store(true);
    print(error ? stderr : stdout, text);
    progress.printing.store(false);
    progress.frames.fetch_add(1);
  }
}

}  // namespace manta::detail
