#include "job.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/syscall.h>
#include <system_error>
#include <unistd.h>

#include "../../base/local_socket.h"

namespace manta::detail::node {
Job::Job(scheduler::JobNumber number, JobId id, rpc::Slot driver, NodeOptions options,
         base::Fd program, Socket socket)
    : number_(number),
      id_(id),
      driver_(driver),
      options_(std::move(options)),
      program_(std::move(program)),
      library_threads_(options_.env, options_.environment),
      socket_(std::move(socket)),
      pid_(base::peer_of(socket_.native_handle()).value_or(ucred{}).pid),
      process_(socket_.get_executor()),
      log_(socket_, options_.log_to_driver) {
  if (!options_.working_dir.empty()) {
    working_directory_.reset(open(options_.working_dir.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  }
  if (pid_ == 0) return;
  base::Fd process(static_cast<int>(syscall(SYS_pidfd_open, pid_, 0)));
  if (process) process_.assign(process.release());
}

void Job::remove_worker_logs() {
  std::error_code ignored;
  for (const auto& file : std::exchange(worker_logs_, {})) std::filesystem::remove(file, ignored);
}

// What was awaited on the descriptors hears of it after this; until then the job lives.
void Job::close() {
  asio::error_code ignored;
  socket_.close(ignored);
  process_.close(ignored);
  log_.close();
  asio::post(process_.get_executor(), [self = shared_from_this()] {});
}

bool Job::driver_has_ended() const {
  if (!process_.is_open()) return false;
  pollfd entry{.fd = process_.native_handle(), .events = POLLIN, .revents = 0};
  return poll(&entry, 1, 0) > 0;
}

}  // namespace manta::detail::node
