#include "hello.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <errno.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "../../base/limits.h"

namespace manta::detail {
namespace {

constexpr std::size_t kFds = 4;
constexpr std::size_t kFdsWithOverflow = 6;
constexpr std::size_t kMostFds = kFdsWithOverflow + 1;  // an odd number: the last one is the part
constexpr std::size_t kMaxText = 4096;

struct Frame {
  std::uint32_t size = 0;
  NodeHello::Refusal refusal = NodeHello::Refusal::kNone;
  char text[kMaxText] = {};
};

// A message of one frame and its descriptors.
struct Message {
  Frame frame;
  iovec part{.iov_base = &frame, .iov_len = sizeof frame};
  alignas(cmsghdr) char ancillary[CMSG_SPACE(kMostFds * sizeof(int))] = {};
  msghdr head{};

  Message() {
    head.msg_iov = &part;
    head.msg_iovlen = 1;
    head.msg_control = ancillary;
    head.msg_controllen = sizeof ancillary;
  }
  Message(const Message&) = delete;
};

}  // namespace

bool NodeHello::send(int socket) const {
  Message message;
  Frame& frame = message.frame;
  if (!error.empty()) frame.refusal = refusal;
  const std::string& text = error.empty() ? directory : error;
  frame.size = static_cast<std::uint32_t>(std::min(text.size(), kMaxText));
  std::memcpy(frame.text, text.data(), frame.size);
  if (error.empty()) {
    const objectstore::ArenaDescriptors files = arena.descriptors();
    const std::size_t shared = arena.overflow_writable ? kFdsWithOverflow : kFds;
    int fds[kMostFds] = {control.get(),           bell.get(),
                         files.writable,          files.read_only,
                         files.overflow_writable, files.overflow_read_only};
    fds[shared] = part.get();
    const std::size_t size = (shared + (part ? 1 : 0)) * sizeof(int);
    message.head.msg_controllen = CMSG_SPACE(size);
    cmsghdr* header = CMSG_FIRSTHDR(&message.head);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(size);
    std::memcpy(CMSG_DATA(header), fds, size);
  } else {
    message.head.msg_controllen = 0;
  }
  return sendmsg(socket, &message.head, MSG_NOSIGNAL) == static_cast<ssize_t>(sizeof frame);
}

bool NodeHello::receive(int socket) {
  Message message;
  const Frame& frame = message.frame;
  ssize_t n = 0;
  do {
    n = recvmsg(socket, &message.head, MSG_CMSG_CLOEXEC | MSG_WAITALL);
  } while (n < 0 && errno == EINTR);
  if (n != static_cast<ssize_t>(sizeof frame) || frame.size > kMaxText) return false;
  refusal = frame.refusal;
  (refusal != Refusal::kNone ? error : directory).assign(frame.text, frame.size);
  const cmsghdr* header = CMSG_FIRSTHDR(&message.head);
  if (header == nullptr || header->cmsg_type != SCM_RIGHTS) return !error.empty();
  const std::size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
  int fds[kMostFds] = {};
  std::memcpy(fds, CMSG_DATA(header), std::min(count, kMostFds) * sizeof(int));
  const std::size_t shared = std::min(count, kMostFds) & ~std::size_t{1};
  base::Fd* const targets[kFdsWithOverflow] = {&control,
                                               &bell,
                                               &arena.writable,
                                               &arena.read_only,
                                               &arena.overflow_writable,
                                               &arena.overflow_read_only};
  for (std::size_t i = 0; i < shared; ++i) targets[i]->reset(fds[i]);
  if (count > shared) part.reset(fds[shared]);
  const bool cut_off = (message.head.msg_flags & MSG_CTRUNC) != 0;
  if (error.empty() && ((shared != kFds && shared != kFdsWithOverflow) || cut_off)) {
    error = "the memory of the node could not be taken over" + base::limit_behind(EMFILE);
  }
  return true;
}

}  // namespace manta::detail
