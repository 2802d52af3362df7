// The workers' output on its way to the driver, over the socket. Nothing is lost and the node never blocks: while a
// slow driver is more than 4 MiB behind, the workers' pipes are not read, so that a worker that prints more waits, as
// it would at any pipe; and notices are counted together (held_notices.h).
// Threads: the node's. Errors: none; this class does not care whether the driver is gone.
#pragma once
#include <chrono>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "../launch/log_stream.h"
#include "held_notices.h"
#include "own_asio.h"

namespace manta::detail::node {

class DriverLog {
 public:
  DriverLog(asio::local::stream_protocol::socket& socket, bool enabled)
      : socket_(socket), enabled_(enabled) {}

  // Lines of workers, each of which begins with a tag of `tag` bytes. Ignored if the user does not want them.
  void add(std::uint32_t stream, std::string_view lines, std::size_t tag);
  // A notice (wire/notice.h) of Manta itself, which the user gets in any case.
  void add_notice(std::span<const std::byte> notice);
  bool behind() const { return waiting_.size() - sent_ > kLimit; }
  // Calls `proceed` once, when the driver is not behind any more.
  void when_there_is_room(std::function<void()> proceed) { paused_.push_back(std::move(proceed)); }
  // Calls `done` once, when the driver has all that was added before, or will never have it.
  void when_written(std::function<void()> done);
  void close();  // the socket is closed: nothing goes there, and nobody waits for it
  // At the end: writes all that is left, as long as the driver takes some of it within `patience` and its process (a
  // pidfd, or -1) lives.
  void write_rest(int driver_process, std::chrono::milliseconds patience);

 private:
  void append(std::uint32_t stream, std::string_view lines, std::size_t tag);
  void append_held_notices();
  void write_some();
  void write_what_goes();

  static constexpr std::size_t kLimit = 4 << 20;

  asio::local::stream_protocol::socket& socket_;
  bool enabled_;
  bool watching_ = false;  // whether the socket takes more
  std::string waiting_;    // frames
  std::size_t sent_ = 0;   // of waiting_
  std::vector<std::function<void()>> paused_;
  std::vector<std::function<void()>> written_;
  HeldNotices held_notices_;
};

}  // namespace manta::detail::node
