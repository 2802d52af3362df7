// What one worker prints: two pipes, cut into whole lines, each tagged "(name pid=123) line" and given to the driver,
// the worker's log file and the memory of its last lines. The beginning of a line is held until its end comes, or the
// end of the call (kEndOfCall, which is taken out), or the worker's. A line longer than 16 KiB is cut in pieces.
//
//   begin() --> reading --finish()--> the rest is read --> closed; or, while children of the worker still have the
//                 ^--room-- waiting, when the driver is behind      pipes: reading, until they end
//
// Threads: the node's. Errors: a file that cannot be written is given up silently; it ends, and says so, at 8 MiB.
#pragma once
#include <array>
#include <atomic>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <sys/types.h>

#include <asio/io_context.hpp>
#include <asio/posix/stream_descriptor.hpp>

#include "../../base/fd.h"
#include "driver_log.h"
#include "last_lines.h"

namespace manta::detail::node {

// Shared by the two streams; kept alive by pending reads.
class WorkerOutput : public std::enable_shared_from_this<WorkerOutput> {
 public:
  WorkerOutput(asio::io_context& io, DriverLog& driver, std::filesystem::path file, base::Fd out,
               base::Fd err);

  // `held` is where the worker sees of which streams the beginning of a line is here.
  void begin(pid_t pid, std::atomic<std::uint32_t>& held);
  void set_name(std::string name) { name_ = std::move(name); }
  void finish();  // the worker is dead: what is left
  void close();   // nobody is left who could write
  bool open() const { return streams_[0].pipe.is_open() || streams_[1].pipe.is_open(); }
  std::string last_lines() const { return last_.text(); }
  void note(const std::string& lines) { keep(lines); }  // for the log file only

 private:
  struct Stream {
    Stream(asio::io_context& io, int fd) : pipe(io, fd) {}
    asio::posix::stream_descriptor pipe;
    std::string partial;
  };
  enum class Reading { more, nothing_now, ended };

  Stream& stream(int number) { return streams_[static_cast<std::size_t>(number)]; }
  void wait(int number);
  Reading read(int number);
  void take(int number, std::string_view bytes);
  void emit_partial(int number);
  void emit(int number, std::string_view lines);
  void keep(std::string_view lines);
  void set_held(int number, bool held);

  DriverLog& driver_;
  std::filesystem::path path_;
  base::Fd file_;
  std::size_t file_bytes_ = 0;
  std::string name_ = "worker";
  pid_t pid_ = 0;
  std::atomic<std::uint32_t>* held_ = nullptr;  // null: the worker is dead
  std::array<Stream, 2> streams_;
  LastLines last_;
};

}  // namespace manta::detail::node
