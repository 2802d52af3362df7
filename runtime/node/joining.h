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
#include "acceptor.h"
#include "job.h"
#include "own_asio.h"

namespace manta::detail::node {

class Joining {
 public:
  using Admit = std::function<void(JoinRequest request, Job::Socket socket)>;
  Joining(asio::io_context& io, const std::filesystem::path& directory, Admit admit);

 private:
  struct Connection;

  void read(const std::shared_ptr<Connection>& connection);
  void wait(const std::shared_ptr<Connection>& connection);

  const Admit admit_;
  Acceptor acceptor_;
};

}  // namespace manta::detail::node
