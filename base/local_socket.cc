#include "local_socket.h"

#include <cerrno>
#include <cstring>
#include <sys/uio.h>

namespace manta::base {
namespace {

// One piece of bytes, and room for so many descriptors.
class Message {
 public:
  Message(void* bytes, std::size_t size, std::size_t descriptors)
      : part_{.iov_base = bytes, .iov_len = size},
        ancillary_(CMSG_SPACE(descriptors * sizeof(int)) / sizeof(cmsghdr) + 1) {
    head_.msg_iov = &part_;
    head_.msg_iovlen = 1;
    if (descriptors == 0) return;
    head_.msg_control = ancillary_.data();
    head_.msg_controllen = CMSG_SPACE(descriptors * sizeof(int));
  }
  Message(const Message&) = delete;
  msghdr& head() { return head_; }

 private:
  iovec part_;
  std::vector<cmsghdr> ancillary_;  // for its alignment
  msghdr head_{};
};

template <class Call>
ssize_t uninterrupted(Call call) {
  ssize_t n = 0;
  do {
    n = call();
  } while (n < 0 && errno == EINTR);
  return n;
}

}  // namespace

std::optional<sockaddr_un> local_address(const std::string& path) {
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) return std::nullopt;
  std::memcpy(address.sun_path, path.data(), path.size());
  return address;
}

std::optional<ucred> peer_of(int socket) {
  ucred peer{};
  socklen_t size = sizeof peer;
  if (::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return std::nullopt;
  return peer;
}

bool send_with_descriptors(int socket, std::span<const std::byte> bytes,
                           std::span<const int> descriptors) {
  Message message(const_cast<std::byte*>(bytes.data()), bytes.size(), descriptors.size());
  if (!descriptors.empty()) {
    cmsghdr* const rights = CMSG_FIRSTHDR(&message.head());
    rights->cmsg_level = SOL_SOCKET;
    rights->cmsg_type = SCM_RIGHTS;
    rights->cmsg_len = CMSG_LEN(descriptors.size_bytes());
    std::memcpy(CMSG_DATA(rights), descriptors.data(), descriptors.size_bytes());
  }
  const ssize_t n = uninterrupted([&] { return ::sendmsg(socket, &message.head(), MSG_NOSIGNAL); });
  return n == static_cast<ssize_t>(bytes.size());
}

Received receive_with_descriptors(int socket, std::span<std::byte> bytes, std::size_t most,
                                  int flags) {
  Message message(bytes.data(), bytes.size(), most);
  const ssize_t n =
      uninterrupted([&] { return ::recvmsg(socket, &message.head(), flags | MSG_CMSG_CLOEXEC); });
  Received received;
  if (n <= 0) return received;
  received.bytes = static_cast<std::size_t>(n);
  received.cut_off = (message.head().msg_flags & MSG_CTRUNC) != 0;
  const cmsghdr* const rights = CMSG_FIRSTHDR(&message.head());
  if (rights == nullptr || rights->cmsg_type != SCM_RIGHTS) return received;
  std::vector<int> numbers((rights->cmsg_len - CMSG_LEN(0)) / sizeof(int));
  std::memcpy(numbers.data(), CMSG_DATA(rights), numbers.size() * sizeof(int));
  for (const int number : numbers) received.descriptors.emplace_back(number);
  if (numbers.size() > most) {  // the room for an odd number has place for one more
    received.descriptors.resize(most);
    received.cut_off = true;
  }
  return received;
}

}  // namespace manta::base
