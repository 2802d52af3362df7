#include "faulty_proxy.h"

#include <array>
#include <cerrno>
#include <poll.h>
#include <string_view>
#include <sys/socket.h>
#include <system_error>
#include <unistd.h>
#include <utility>

#include <arpa/inet.h>
#include <netinet/in.h>

namespace manta::testing {
namespace {

constexpr std::size_t kFaultAfter = 100'000;  // bytes
constexpr int kLookEveryMs = 50;
constexpr std::string_view kBusyAnswer =
    "HTTP/1.1 503 Slow Down\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

[[noreturn]] void fail(const char* call) {
  throw std::system_error(errno, std::system_category(), call);
}

bool send_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return true;
}

}  // namespace

FaultyProxy::FaultyProxy(std::uint16_t server_port, Plan plan)
    : server_port_(server_port),
      plan_(std::move(plan)),
      listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address = loopback(0);
  socklen_t size = sizeof address;
  auto* const raw = reinterpret_cast<sockaddr*>(&address);
  if (!listener_ || ::bind(listener_.get(), raw, size) != 0 || ::listen(listener_.get(), 16) != 0 ||
      ::getsockname(listener_.get(), raw, &size) != 0) {
    fail("a proxy's socket");
  }
  port_ = ntohs(address.sin_port);
  acceptor_ = std::thread([this] { accept(); });
}

FaultyProxy::~FaultyProxy() {
  over_ = true;
  acceptor_.join();
  for (std::thread& server : servers_) server.join();
}

void FaultyProxy::accept() {
  while (!over_) {
    pollfd asked{.fd = listener_.get(), .events = POLLIN, .revents = 0};
    if (::poll(&asked, 1, kLookEveryMs) <= 0) continue;
    base::Fd client(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (!client) continue;
    const Fault fault = plan_(connections_++);
    servers_.emplace_back(
        [this, fault, fd = std::move(client)]() mutable { serve(std::move(fd), fault); });
  }
}

void FaultyProxy::serve(base::Fd client, Fault fault) {
  std::array<char, 64 * 1024> bytes;
  if (fault == Fault::kBusy) {
    (void)::recv(client.get(), bytes.data(), bytes.size(), 0);
    (void)send_all(client.get(), kBusyAnswer);
    return;
  }
  const base::Fd server(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const sockaddr_in address = loopback(server_port_);
  if (::connect(server.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    return;
  }
  const int now = ++open_;
  for (int most = most_at_once_; most < now && !most_at_once_.compare_exchange_weak(most, now);) {
  }
  carry(client, server, fault);
  --open_;
}

void FaultyProxy::carry(const base::Fd& client, const base::Fd& server, Fault fault) {
  std::array<char, 64 * 1024> bytes;
  std::array<std::size_t, 2> carried{};  // from each
  bool answered = false;
  while (!over_) {
    std::array<pollfd, 2> ends{pollfd{.fd = client.get(), .events = POLLIN, .revents = 0},
                               pollfd{.fd = server.get(), .events = POLLIN, .revents = 0}};
    if (::poll(ends.data(), ends.size(), kLookEveryMs) <= 0) continue;
    for (std::size_t i = 0; i < ends.size(); ++i) {
      if (ends[i].revents == 0) continue;
      const ssize_t n = ::recv(ends[i].fd, bytes.data(), bytes.size(), 0);
      if (n <= 0) return;
      const bool from_server = i == 1;
      if (fault == Fault::kNoAnswer && from_server) continue;
      if (fault == Fault::kOneRequest && !from_server && answered) return;
      const std::string_view got(bytes.data(), static_cast<std::size_t>(n));
      const bool asks_for_range = !from_server && got.starts_with("GET ") &&
                                  got.find("\r\nRange: bytes=") != std::string_view::npos;
      if (asks_for_range) ++ranges_;
      answered = answered || (from_server && !got.starts_with("HTTP/1.1 100"));
      const std::size_t before =
          std::exchange(carried[i], carried[i] + static_cast<std::size_t>(n));
      if (fault == Fault::kCut && carried[0] + carried[1] > kFaultAfter) return;
      if (fault == Fault::kDamage && from_server && before <= kFaultAfter &&
          carried[1] > kFaultAfter) {
        bytes[kFaultAfter - before] ^= 1;
      }
      if (!send_all(ends[1 - i].fd, got)) return;
    }
  }
}

}  // namespace manta::testing
