// The workers' output on its way to the driver, over the socket. Never blocks: what a slow driver does not take is
// dropped by whole lines, beyond 4 MiB, and the driver is told how many.
// Threads: the node's. Errors: a driver that is gone is no matter of this class.
#pragma once
#include <cstdint>
#include <string>

#include <asio/local/stream_protocol.hpp>

#include <manta/runtime/log_stream.h>

namespace manta::detail::node {

class DriverLog {
 public:
  DriverLog(asio::local::stream_protocol::socket& socket, bool enabled)
      : socket_(socket), enabled_(enabled) {}

  void add(std::uint32_t stream, const std::string& lines, std::uint64_t count);
  void write_rest();  // at the end: as much as the socket takes at once

 private:
  void append(std::uint32_t stream, const std::string& text);
  void write_some();

  static constexpr std::size_t kLimit = 4 << 20;

  asio::local::stream_protocol::socket& socket_;
  bool enabled_;
  bool writing_ = false;
  std::string waiting_;  // frames
  std::string in_flight_;
  std::uint64_t dropped_ = 0;
};

}  // namespace manta::detail::node
