// The node's end of its socket "join", at which drivers ask to join a node that has none of its own (join_ask.h). Only
// this user can enter the directory in which it lies.
//
//   connection: reads the request --> `admit` answers it, and has it from then on; without a request it ends after 10 s
//
// Threads: the node's. Errors: the constructor throws std::system_error if there can be no socket.
#pragma once
#include <filesystem>
#include <functional>

#include "../launch/join_ask.h"
#include "job.h"
#include "own_asio.h"

namespace manta::detail::node {

class Joining {
 public:
  using Admit = std::function<void(JoinRequest request, Job::Socket socket)>;
  Joining(asio::io_context& io, const std::filesystem::path& directory, Admit admit);

 private:
  struct Connection;

  void accept();
  void read(const std::shared_ptr<Connection>& connection);
  void wait(const std::shared_ptr<Connection>& connection);

  asio::local::stream_protocol::acceptor acceptor_;
  asio::steady_timer retry_;  // of accepting, while there is no descriptor
  const Admit admit_;
};

}  // namespace manta::detail::node
