// A Server answers all requests of all connections on one thread: that which runs the io_context.
//
//   accept --> serve: read a head --answer_to--> write --keep-alive--> read a head ...
//
// A connection that is silent for kPatience, or does not read, is closed. stop() closes those that wait for a request;
// the others get their answers first.
#pragma once
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <list>
#include <string>

#include <asio/awaitable.hpp>
#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>

#include "answer.h"

namespace http {

inline constexpr std::chrono::seconds kPatience{30};
inline constexpr std::size_t kMostConnections = 500;

class Server {
 public:
  // On 127.0.0.1, at any port that is free if `port` is 0. Throws std::system_error if it is taken. The io_context must
  // not run any more when the server goes.
  Server(asio::io_context& io, std::uint16_t port);
  std::uint16_t port() const { return acceptor_.local_endpoint().port(); }
  void stop();
  bool ended() const { return stopping_ && connections_.empty(); }

 private:
  struct Connection {
    asio::ip::tcp::socket socket;
    bool idle = true;
  };
  using Connections = std::list<Connection>;

  asio::awaitable<void> accept();
  asio::awaitable<void> serve(Connections::iterator connection);
  asio::awaitable<bool> answer_next(Connection& connection, std::string& received);

  asio::ip::tcp::acceptor acceptor_;
  Connections connections_;
  bool stopping_ = false;
};

}  // namespace http
