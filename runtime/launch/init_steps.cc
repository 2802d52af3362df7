#include "init_steps.h"

#include <cstring>
#include <poll.h>
#include <utility>

#include "../../base/error.h"
#include "../../base/limits.h"

namespace manta::detail {

void fail(const std::string& what, int error) {
  throw RuntimeError("manta::init: " + what + ": " + std::strerror(error) +
                     base::limit_behind(error));
}

short wait_for(int fd, short events, int timeout_ms) {
  pollfd entry{.fd = fd, .events = events, .revents = 0};
  int n = 0;
  do {
    n = poll(&entry, 1, timeout_ms);
  } while (n < 0 && errno == EINTR);
  return n > 0 ? entry.revents : short{0};
}

void take_memory(NodeHello& hello, Attachment& attachment) {
  attachment.control = std::move(hello.control);
  attachment.arena = std::move(hello.arena);
  attachment.node_bell = std::move(hello.bell);
}

}  // namespace manta::detail
