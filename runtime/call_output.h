// CallOutput sees to it that what a worker's call has printed is shown when it ends, also what it left in a buffer of
// stdio or behind a line without an end, and that the lines of two calls are never one.
//
//   call --flush(), if something is buffered--> reply --end_line()--> next call, or idle --end_all_lines()-->
//
// What was written is in a pipe to the node, by whichever way it came there (stdio, std::cout, write(2), a child
// process), and only the kernel knows of it. So the worker asks: are there unread bytes, or does the node hold the
// beginning of a line? If so it writes kEndOfCall into that pipe. To ask costs two system calls; it asks
//  * when it has nothing to do, once the reply is on its way;
//  * between two calls that follow at once: if the first left something buffered, if the node holds a line, if one of
//    the last kAttention times there was something, and else no more often than every kInterval.
// Threads: the executor's. Errors: none: what cannot be marked is shown when the line, or the process, ends.
#pragma once
#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <streambuf>

#include <manta/base/fd.h>

namespace manta::detail {

class CallOutput {
 public:
  using Time = std::chrono::steady_clock::time_point;

  // `held`: one bit for each stream of which the node has the beginning of a line, or is about to read.
  explicit CallOutput(const std::atomic<std::uint32_t>& held);

  void flush();          // before the reply: buffers of stdio and of the standard streams
  void end_left_line();  // before a call: what a thread printed after the call that it belonged to
  void end_line(Time now);  // after the reply
  void end_all_lines();     // nothing to do

 private:
  static constexpr std::chrono::microseconds kInterval{50};
  static constexpr int kAttention = 256;

  void flush_streams();
  void mark();

  const std::atomic<std::uint32_t>& held_;
  std::array<base::Fd, 2> pipes_;
  const std::streambuf* seen_buffer_ = nullptr;  // of std::cout
  bool own_buffers_ = false;                     // after std::ios::sync_with_stdio(false)
  bool flushed_ = false;
  bool asked_ = true;  // since the last call
  int attention_ = 0;
  Time last_asked_;
};

}  // namespace manta::detail
