#include <cstddef>
#include <cstdio>
#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>
#include <vector>

#include <manta/runtime/log_stream.h>

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

// Through stdio, so that it does not cut into a line that the driver itself is printing.
void print(std::FILE* stream, const std::vector<char>& text) {
  std::fwrite(text.data(), 1, text.size(), stream);
  std::fflush(stream);
}

// Says so once for each time that it is stopped.
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

void run_log_stream(const Attachment& attachment) {
  const int socket = attachment.socket.get();
  StopWatch watch(attachment.node_pid);
  std::vector<char> text;
  for (LogFrame frame;;) {
    pollfd entry{.fd = socket, .events = POLLIN, .revents = 0};
    if (::poll(&entry, 1, kLookEveryMs) == 0) {
      watch.look();
      continue;
    }
    if (!receive_all(socket, &frame, sizeof frame) || frame.size > kMaxLogText) return;
    text.resize(frame.size);
    if (!receive_all(socket, text.data(), text.size())) return;
    print(frame.stream == 2 ? stderr : stdout, text);
  }
}

}  // namespace manta::detail
