#include "join_ask.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string_view>
#include <sys/socket.h>
#include <sys/uio.h>

#include "../../base/version.h"
#include "../../rpc/control.h"

namespace manta::detail {
namespace {

constexpr std::size_t kFds = 2;

}  // namespace

JoinAsk JoinAsk::ours() {
  JoinAsk ask{.layout = rpc::kLayoutVersion};
  const std::string_view version = base::version();
  version.copy(ask.version.data(), ask.version.size() - 1);
  return ask;
}

std::string JoinAsk::text() const {
  const std::string number(version.data(), strnlen(version.data(), version.size()));
  return "Manta " + number + " (layout " + std::to_string(layout) + ")";
}

bool JoinRequest::send(int socket) const {
  iovec part{.iov_base = const_cast<JoinAsk*>(&ask), .iov_len = sizeof ask};
  alignas(cmsghdr) char ancillary[CMSG_SPACE(kFds * sizeof(int))] = {};
  msghdr head{};
  head.msg_iov = &part;
  head.msg_iovlen = 1;
  head.msg_control = ancillary;
  head.msg_controllen = sizeof ancillary;
  cmsghdr* const rights = CMSG_FIRSTHDR(&head);
  rights->cmsg_level = SOL_SOCKET;
  rights->cmsg_type = SCM_RIGHTS;
  rights->cmsg_len = CMSG_LEN(kFds * sizeof(int));
  const int fds[kFds] = {role.get(), program.get()};
  std::memcpy(CMSG_DATA(rights), fds, sizeof fds);
  ssize_t n = 0;
  do {
    n = sendmsg(socket, &head, MSG_NOSIGNAL);
  } while (n < 0 && errno == EINTR);
  return n == static_cast<ssize_t>(sizeof ask);
}

std::optional<JoinRequest> receive_join(int socket) {
  JoinRequest request;
  iovec part{.iov_base = &request.ask, .iov_len = sizeof request.ask};
  alignas(cmsghdr) char ancillary[CMSG_SPACE(kFds * sizeof(int))] = {};
  msghdr head{};
  head.msg_iov = &part;
  head.msg_iovlen = 1;
  head.msg_control = ancillary;
  head.msg_controllen = sizeof ancillary;
  ssize_t n = 0;
  do {
    n = recvmsg(socket, &head, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
  } while (n < 0 && errno == EINTR);
  if (const cmsghdr* const rights = CMSG_FIRSTHDR(&head);
      n > 0 && rights != nullptr && rights->cmsg_type == SCM_RIGHTS) {
    int fds[kFds] = {-1, -1};
    const std::size_t bytes = rights->cmsg_len - CMSG_LEN(0);
    std::memcpy(fds, CMSG_DATA(rights), std::min(bytes, sizeof fds));
    request.role.reset(fds[0]);
    request.program.reset(fds[1]);
  }
  const bool whole = n == static_cast<ssize_t>(sizeof request.ask);
  if (!whole || request.ask.magic != JoinAsk().magic) return std::nullopt;
  return request;
}

}  // namespace manta::detail
