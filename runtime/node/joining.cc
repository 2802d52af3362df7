#include "joining.h"

#include <chrono>
#include <poll.h>
#include <string>
#include <unistd.h>
#include <utility>

#include "../../base/local_socket.h"
#include "../launch/hello.h"

namespace manta::detail::node {
namespace {

constexpr std::chrono::seconds kPatience(10);

// Empty: the request is one of this user's, of this version.
NodeHello refusal_of(const std::optional<JoinRequest>& request, int socket) {
  const auto peer = base::peer_of(socket);
  if (!peer || peer->uid != geteuid()) {
    return {.error = "the node runs for another user (user id " + std::to_string(geteuid()) + ")"};
  }
  if (!request) return {.error = "what was sent to the node is no request to join it"};
  const JoinAsk ours = JoinAsk::ours();
  if (request->ask == ours) return {};
  return {.error = "the node (pid " + std::to_string(getpid()) + ") is " + ours.text() +
                   ", this program is " + request->ask.text() +
                   ": programs that join a node are built with the node's version; build this one "
                   "with that, or end the node with `manta stop` and start one of this version",
          .refusal = NodeHello::Refusal::kBuildMismatch};
}

}  // namespace

struct Joining::Connection {
  explicit Connection(Job::Socket from) : socket(std::move(from)), timer(socket.get_executor()) {}

  Job::Socket socket;
  asio::steady_timer timer;
};

Joining::Joining(asio::io_context& io, const std::filesystem::path& directory, Admit admit)
    : admit_(std::move(admit)), acceptor_(io, directory / kJoinSocket, [this](Job::Socket socket) {
        read(std::make_shared<Connection>(std::move(socket)));
      }) {}

void Joining::read(const std::shared_ptr<Connection>& connection) {
  connection->timer.expires_after(kPatience);
  connection->timer.async_wait([connection](asio::error_code stopped) {
    asio::error_code ignored;
    if (!stopped) connection->socket.close(ignored);
  });
  wait(connection);
}

// Asio may end a wait early, when another descriptor is closed: so the socket is asked.
void Joining::wait(const std::shared_ptr<Connection>& connection) {
  connection->socket.async_wait(asio::socket_base::wait_read,
                                [this, connection](asio::error_code error) {
                                  if (error) return;
                                  const int socket = connection->socket.native_handle();
                                  pollfd entry{.fd = socket, .events = POLLIN, .revents = 0};
                                  if (poll(&entry, 1, 0) <= 0) return wait(connection);
                                  connection->timer.cancel();
                                  std::optional<JoinRequest> request = receive_join(socket);
                                  const NodeHello refusal = refusal_of(request, socket);
                                  if (!refusal.error.empty()) {
                                    refusal.send(socket);
                                    return;
                                  }
                                  admit_(*std::move(request), std::move(connection->socket));
                                });
}

}  // namespace manta::detail::node
