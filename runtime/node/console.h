// The node's end of its socket "console" in the session's directory, at which tools ask (wire/console_wire.h). Only
// this user can enter the directory.
//
//   connection: reads the question --> waits for the answer --> writes it --> gone; gone, too, after 10 s
//
// Threads: the node's. Errors: none; a session whose socket cannot be made has no console, as node.log says.
#pragma once
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "../wire/console_wire.h"
#include "acceptor.h"
#include "own_asio.h"

namespace manta::detail::node {

class Console {
 public:
  // Is to be called once, now or later; the tool may be gone by then.
  using Answer = std::function<void(const std::vector<std::byte>& payload)>;
  using OnMemory = std::function<void(std::uint64_t most, Answer answer)>;

  using OnStatus = std::function<std::vector<std::byte>()>;

  Console(asio::io_context& io, const std::filesystem::path& directory, OnMemory on_memory,
          OnStatus on_status);
  ~Console();

 private:
  struct Connection;

  void ask(const std::shared_ptr<Connection>& connection);

  const OnMemory on_memory_;
  const OnStatus on_status_;
  const std::shared_ptr<int> connections_ = std::make_shared<int>(0);
  std::optional<Acceptor> acceptor_;
};

}  // namespace manta::detail::node
