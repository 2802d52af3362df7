// What one worker prints. Its two pipes are cut into whole lines, each of which goes to the driver, tagged as in
// "(name pid=123) line", to the worker's log file, and to its last lines (last_lines.h). The beginning of a line is
// held until its end comes, or the end of the call (kEndOfCall, which is taken out), or the end of the worker. A line
// longer than 16 KiB is cut into pieces.
//
//   begin() --> reading --finish()--> the rest is read --> closed; or, while children of the worker still have the
//                 ^--room-- waiting, while the driver is behind     pipes: reading, until they end
//
// Threads: the node's. Errors: a log file that cannot be written is given up silently. At 8 MiB it ends, and says so.
#pragma once
#include <array>
#include <atomic>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <sys/types.h>

#include "../../base/fd.h"
#include "driver_log.h"
#include "last_lines.h"
#include "own_asio.h"

namespace manta::detail::node {

// The object is shared by its two streams, and kept alive by pending reads.
class WorkerOutput : public std::enable_shared_from_this<WorkerOutput> {
 public:
  WorkerOutput(asio::io_context& io, std::shared_ptr<DriverLog> driver, std::filesystem::path file,
               base::Fd out, base::Fd err);

  // In `held` the worker sees for which of its streams the beginning of a line is held here.
  void begin(pid_t pid, std::atomic<std::uint32_t>& held);
  void set_name(std::string name) { name_ = std::move(name); }
  const std::string& name() const { return name_; }
  void finish();  // the worker is dead: reads what is left
  void close();   // no process is left that could write: reads what is left, and closes the pipes
  bool open() const { return streams_[0].pipe.is_open() || streams_[1].pipe.is_open(); }
  std::string last_lines() const { return last_.text(); }
  void note(const std::string& lines) { keep(lines); }  // for the log file only

 private:
  struct Stream {
    Stream(asio::io_context& io, int fd) : pipe(io, fd) {}
    asio::posix::stream_descriptor pipe;
    std::string partial;
  };
  enum class Reading { kMore, kNothingNow, kEnded };

  Stream& stream(int number) { return streams_[static_cast<std::size_t>(number)]; }
  void wait(int number);
  Reading read(int number);
  void take(int number, std::string_view bytes);
  void emit_partial(int number);
  void emit(int number, std::string_view lines);
  void keep(std::string_view lines);
  void set_held(int number, bool held);

  const std::shared_ptr<DriverLog> driver_;
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
