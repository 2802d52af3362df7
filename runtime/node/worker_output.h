// What one worker prints: two pipes, cut into whole lines, each tagged "(name pid=123) line" and given to the driver,
// the worker's log file and the memory of its last lines. A line longer than 16 KiB is cut in pieces.
// Threads: the node's. Errors: a file that cannot be written is given up silently; it ends at 8 MiB.
#pragma once
#include <array>
#include <deque>
#include <filesystem>
#include <memory>
#include <string>
#include <sys/types.h>

#include <asio/io_context.hpp>
#include <asio/posix/stream_descriptor.hpp>

#include <manta/base/fd.h>
#include <manta/runtime/node/driver_log.h>

namespace manta::detail::node {

// Shared by the two streams; kept alive by pending reads.
class WorkerOutput : public std::enable_shared_from_this<WorkerOutput> {
 public:
  WorkerOutput(asio::io_context& io, DriverLog& driver, std::filesystem::path file, base::Fd out,
               base::Fd err);

  void begin(pid_t pid);
  void set_name(std::string name) { name_ = std::move(name); }
  void finish();  // the worker is dead: reads what is left, then closes
  std::string last_lines() const;

 private:
  struct Stream {
    Stream(asio::io_context& io, int fd) : pipe(io, fd) {}
    asio::posix::stream_descriptor pipe;
    std::array<char, 4096> buffer;
    std::string partial;
  };

  void read(int stream);
  void take(int stream, std::size_t size);
  void emit_partial(int stream);
  void emit(int stream, const std::string& lines);
  void keep(const std::string& lines);

  DriverLog& driver_;
  std::filesystem::path path_;
  base::Fd file_;
  std::size_t file_bytes_ = 0;
  std::string name_ = "worker";
  pid_t pid_ = 0;
  std::array<Stream, 2> streams_;
  std::deque<std::string> last_;
};

}  // namespace manta::detail::node
