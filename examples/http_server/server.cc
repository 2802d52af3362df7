#include "server.h"

#include <array>
#include <exception>
#include <tuple>
#include <utility>
#include <variant>

#include <asio/buffer.hpp>
#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/experimental/as_tuple.hpp>
#include <asio/experimental/awaitable_operators.hpp>
#include <asio/read_until.hpp>
#include <asio/steady_timer.hpp>
#include <asio/use_awaitable.hpp>
#include <asio/write.hpp>

namespace http {
namespace {

using asio::ip::tcp;
constexpr asio::experimental::as_tuple_t<asio::use_awaitable_t<>> kNoThrow;
constexpr int kMostUnread = 100;  // reads, after the last answer

struct Moved {
  asio::error_code error;
  std::size_t bytes = 0;
};

// What a read or write gives, if it comes to an end in time.
asio::awaitable<Moved> in_time(asio::awaitable<std::tuple<asio::error_code, std::size_t>> moving) {
  using namespace asio::experimental::awaitable_operators;
  asio::steady_timer timer(co_await asio::this_coro::executor, kPatience);
  const auto first = co_await (std::move(moving) || timer.async_wait(kNoThrow));
  Moved moved{asio::error::timed_out};
  if (first.index() == 0) std::tie(moved.error, moved.bytes) = std::get<0>(first);
  co_return moved;
}

asio::awaitable<Answer> answer_or_refusal(const std::string& head, Request& request) {
  Answer answer;
  try {
    request = parse(head);
    answer = co_await answer_to(request);
  } catch (const Refusal& refusal) {
    answer.status = refusal.status();
    answer.text = refusal.what();
  } catch (const std::exception& error) {
    answer.status = 500;
    answer.text = error.what();
  }
  if (answer.status != 200) answer.text += "\n";
  co_return answer;
}

}  // namespace

Server::Server(asio::io_context& io, std::uint16_t port)
    : acceptor_(io, tcp::endpoint(asio::ip::address_v4::loopback(), port)) {
  asio::co_spawn(io, accept(), asio::detached);
}

void Server::stop() {
  stopping_ = true;
  acceptor_.close();
  for (Connection& connection : connections_) {
    if (connection.idle) connection.socket.cancel();
  }
}

asio::awaitable<void> Server::accept() {
  asio::steady_timer timer(co_await asio::this_coro::executor);
  while (!stopping_) {
    auto [error, socket] = co_await acceptor_.async_accept(kNoThrow);
    if (error && !stopping_) {  // no descriptors are left: until some are
      timer.expires_after(std::chrono::milliseconds(100));
      co_await timer.async_wait(kNoThrow);
    }
    if (error || stopping_ || connections_.size() >= kMostConnections) continue;
    const auto connection = connections_.insert(connections_.end(), {std::move(socket)});
    asio::co_spawn(acceptor_.get_executor(), serve(connection), asio::detached);
  }
}

asio::awaitable<void> Server::serve(Connections::iterator connection) {
  std::string received;
  while (co_await answer_next(*connection, received)) {
  }
  // To close while the client still writes would take the answer from it.
  auto& socket = connection->socket;
  asio::error_code ignored;
  socket.shutdown(tcp::socket::shutdown_send, ignored);
  connection->idle = true;
  std::array<char, kLongestHead> unread;
  for (int reads = 0; reads < kMostUnread && !stopping_; ++reads) {
    const Moved moved = co_await in_time(socket.async_read_some(asio::buffer(unread), kNoThrow));
    if (moved.error) break;
  }
  connections_.erase(connection);
}

// Gives whether another request may follow.
asio::awaitable<bool> Server::answer_next(Connection& connection, std::string& received) {
  connection.idle = true;
  if (stopping_) co_return false;
  const Moved head = co_await in_time(asio::async_read_until(
      connection.socket, asio::dynamic_buffer(received, kLongestHead), "\r\n\r\n", kNoThrow));
  connection.idle = false;
  Request request;
  request.keep_alive = false;  // until it is known
  Answer answer;
  if (head.error == asio::error::not_found) {
    answer.status = 431;
    answer.text = "the header is longer than " + std::to_string(kLongestHead) + " bytes\n";
  } else if (head.error) {
    co_return false;
  } else {
    answer = co_await answer_or_refusal(received.substr(0, head.bytes), request);
    received.erase(0, head.bytes);
  }
  const bool more = request.keep_alive && !stopping_;
  const std::string start = text_of({.status = answer.status,
                                     .type = answer.type,
                                     .size = answer.text.size() + answer.bytes.size(),
                                     .keep_alive = more});
  std::array<asio::const_buffer, 3> parts = {asio::buffer(start)};
  if (request.method != "HEAD") {
    parts[1] = asio::buffer(answer.text);
    parts[2] = asio::buffer(answer.bytes.data(), answer.bytes.size());
  }
  const Moved sent = co_await in_time(asio::async_write(connection.socket, parts, kNoThrow));
  co_return more && !sent.error;
}

}  // namespace http
