#include "join_ask.h"

#include <cstring>
#include <span>
#include <string_view>
#include <sys/socket.h>
#include <utility>

#include "../../base/local_socket.h"
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
  const int fds[kFds] = {role.get(), program.get()};
  return base::send_with_descriptors(socket, std::as_bytes(std::span(&ask, 1)), fds);
}

std::optional<JoinRequest> receive_join(int socket) {
  JoinRequest request;
  auto got = base::receive_with_descriptors(
      socket, std::as_writable_bytes(std::span(&request.ask, 1)), kFds, MSG_DONTWAIT);
  if (got.bytes != sizeof request.ask || request.ask.magic != JoinAsk().magic) return std::nullopt;
  got.descriptors.resize(kFds);
  request.role = std::move(got.descriptors[0]);
  request.program = std::move(got.descriptors[1]);
  return request;
}

}  // namespace manta::detail
