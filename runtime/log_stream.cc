#include <cstddef>
#include <cstdio>
#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>
#include <vector>

#include <manta/runtime/log_stream.h>

namespace manta::detail {
namespace {

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

}  // namespace

void run_log_stream(int socket) {
  std::vector<char> text;
  for (LogFrame frame; receive_all(socket, &frame, sizeof frame);) {
    if (frame.size > kMaxLogText) return;
    text.resize(frame.size);
    if (!receive_all(socket, text.data(), text.size())) return;
    print(frame.stream == 2 ? stderr : stdout, text);
  }
}

}  // namespace manta::detail
