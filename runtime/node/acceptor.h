// Accepts connections to a socket of the node's directory, for ever: where there is no descriptor it tries again after
// a second.
//
// Threads: the node's. Errors: the constructor throws std::system_error if there can be no socket.
#pragma once
#include <filesystem>
#include <functional>

#include "own_asio.h"

namespace manta::detail::node {

class Acceptor {
 public:
  using Socket = asio::local::stream_protocol::socket;
  using Take = std::function<void(Socket socket)>;
  Acceptor(asio::io_context& io, const std::filesystem::path& path, Take take);

 private:
  void accept();

  asio::local::stream_protocol::acceptor acceptor_;
  asio::steady_timer retry_;
  const Take take_;
};

}  // namespace manta::detail::node
