// A CallOutput sees to it that what a call has printed is shown when the call ends, also what it has left in a buffer
// of stdio or on a line that has not ended, and that the lines of two calls never become one (decision 012).
//
//   call --flush(), if something is buffered--> reply --end_line()--> next call, or idle --end_all_lines()-->
//
// Whichever way something was printed (stdio, std::cout, write(2), a child process), it is in a pipe to the node, and
// only the kernel knows of it. So the worker asks: are there bytes that nobody has read, or does the node hold the
// beginning of a line? If so, it writes kEndOfCall into that pipe. To ask costs two system calls. The worker asks
//  * when it has nothing to do, after the reply is on its way;
//  * between two calls that follow each other at once: if the first has left something in a buffer, if the node holds a
//    line, if it has found something within the last kAttention times, and otherwise at most once in kInterval.
// Errors:  none: what cannot be marked is shown when the line ends, or the process.
// Threads: the executor's.
#pragma once
#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <streambuf>

#include "../../base/fd.h"

namespace manta::detail {

class CallOutput {
 public:
  using Time = std::chrono::steady_clock::time_point;

  // `held` has one bit for each stream of which the node holds the beginning of a line, or is about to read. Null in a
  // local session, where calls print into the driver's own streams: only the buffers are emptied.
  // `lost` is called when one of the pipes was closed by the user's code.
  CallOutput(const std::atomic<std::uint32_t>* held, std::function<void()> lost);

  // Before the reply: empties the buffers of stdio and of the standard streams.
  void flush();
  // Before a call: ends what a thread has printed after the call to which it belonged.
  void end_left_line();
  // After the reply.
  void end_line(Time now);
  // When there is nothing to do.
  void end_all_lines();

 private:
  static constexpr std::chrono::microseconds kInterval{50};
  static constexpr int kAttention = 256;

  void flush_streams();
  void mark();
  bool has_unread(int pipe) const;

  const std::atomic<std::uint32_t>* const held_;  // null: nothing is marked
  const std::function<void()> lost_;
  std::array<base::Fd, 2> pipes_;
  const std::streambuf* seen_buffer_ = nullptr;  // of std::cout
  bool own_buffers_ = false;                     // after std::ios::sync_with_stdio(false)
  bool flushed_ = false;
  bool asked_ = true;  // since the last call
  // How many more times it asks between two calls, because it has found something.
  int attention_ = 0;
  Time last_asked_;
};

}  // namespace manta::detail
