#include "console.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <span>
#include <string>
#include <utility>

#include "own_asio.h"

namespace manta::detail::node {
namespace {

using Socket = asio::local::stream_protocol::socket;

constexpr int kMostAnswered = 16;     // a tool is used by hand: more are refused,
constexpr int kMostConnections = 64;  // and more than these are turned away
constexpr std::chrono::seconds kPatience(10);
constexpr std::uint64_t kMostObjects = 10'000;  // the node does nothing else meanwhile

}  // namespace

// Lives as long as something is awaited for it.
struct Console::Connection : std::enable_shared_from_this<Connection> {
  Connection(Socket from, std::shared_ptr<int> counter)
      : socket(std::move(from)), timer(socket.get_executor()), count(std::move(counter)) {
    ++*count;
  }
  ~Connection() { --*count; }

  void limit() {
    timer.expires_after(kPatience);
    timer.async_wait([weak = weak_from_this()](asio::error_code error) {
      const auto self = weak.lock();
      asio::error_code ignored;
      if (!error && self) self->socket.close(ignored);
    });
  }
  void tell(std::uint32_t refused, std::vector<std::byte> payload) {
    body = std::move(payload);
    told = {.refused = refused, .size = body.size()};
    const std::array<asio::const_buffer, 2> parts = {asio::buffer(&told, sizeof told),
                                                     asio::buffer(body)};
    asio::async_write(socket, parts, [self = shared_from_this()](asio::error_code, std::size_t) {
      self->timer.cancel();
    });
  }
  void refuse(const std::string& why) {
    const auto bytes = std::as_bytes(std::span(why));
    tell(1, {bytes.begin(), bytes.end()});
  }

  Socket socket;
  asio::steady_timer timer;
  std::shared_ptr<int> count;
  ConsoleAsk asked;
  ConsoleTold told;
  std::vector<std::byte> body;
};

Console::Console(asio::io_context& io, const std::filesystem::path& directory, OnMemory on_memory,
                 OnStatus on_status)
    : on_memory_(std::move(on_memory)), on_status_(std::move(on_status)) {
  try {
    acceptor_.emplace(io, directory / kConsoleSocket, [this](Socket socket) {
      if (*connections_ >= kMostConnections) return;
      ask(std::make_shared<Connection>(std::move(socket), connections_));
    });
  } catch (const std::exception& error) {
    std::fprintf(stderr, "manta node: no console for tools: %s\n", error.what());
  }
}

Console::~Console() = default;

void Console::ask(const std::shared_ptr<Connection>& connection) {
  connection->limit();
  const bool too_many = *connections_ > kMostAnswered;
  asio::async_read(connection->socket, asio::buffer(&connection->asked, sizeof connection->asked),
                   [this, connection, too_many](asio::error_code error, std::size_t) {
                     if (error) return;
                     if (too_many) {
                       return connection->refuse("too many tools ask at the same time");
                     }
                     const ConsoleAsk& asked = connection->asked;
                     if (asked.magic != kConsoleMagic) {
                       return connection->refuse("this is no question of manta");
                     }
                     if (asked.version != kConsoleVersion) {
                       return connection->refuse("the session speaks version " +
                                                 std::to_string(kConsoleVersion) +
                                                 " of the tools' protocol, the tool version " +
                                                 std::to_string(asked.version) +
                                                 ": use the tool of the same version of Manta");
                     }
                     if (asked.question == ConsoleQuestion::kStatus) {
                       return connection->tell(0, on_status_());
                     }
                     if (asked.question != ConsoleQuestion::kMemory) {
                       return connection->refuse("the session does not know this question");
                     }
                     on_memory_(std::min(asked.most, kMostObjects),
                                [connection](const std::vector<std::byte>& payload) {
                                  connection->tell(0, payload);
                                });
                   });
}

}  // namespace manta::detail::node
