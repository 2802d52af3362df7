// A Job is one driver as the node knows it, with what its workers are started from: its program, its options, its
// output. A private session has one job, 0, whose end is the node's; a node of its own serves many.
//
//   kRunning --the driver leaves, or dies--> kLeft --no detached actor of the job lives--> kEnding
//            --its workers and what they started are gone--> kOver
//
// The driver may live on, and read arrays of its session: its slot is used again only when it `let_go` of the memory.
// Threads: the node's. A Job lives as long as anything of its output is on its way.
#pragma once
#include <cstdint>
#include <filesystem>
#include <memory>
#include <set>
#include <string>
#include <sys/types.h>
#include <utility>
#include <vector>

#include "../../base/fd.h"
#include "../../base/id.h"
#include "../../rpc/control.h"
#include "../../scheduler/job_number.h"
#include "../options/node_options.h"
#include "driver_log.h"
#include "library_threads.h"
#include "own_asio.h"

namespace manta::detail::node {

enum class JobState : std::uint8_t { kRunning, kLeft, kEnding, kOver };

class Job : public std::enable_shared_from_this<Job> {
 public:
  using Socket = asio::local::stream_protocol::socket;

  // `driver` is at the other end of the socket.
  Job(scheduler::JobNumber number, JobId id, rpc::Slot driver, NodeOptions options,
      base::Fd program, Socket socket);

  scheduler::JobNumber number() const { return number_; }
  JobId id() const { return id_; }
  // Until its slot is used again: then the job has no driver, and driver() is no process's.
  bool has_driver() const { return driver_ != rpc::kNodeSlot; }
  rpc::Slot driver() const { return driver_; }
  void forget_driver() { driver_ = rpc::kNodeSlot; }
  const NodeOptions& options() const { return options_; }
  const base::Fd& program() const { return program_; }
  const base::Fd& working_directory() const { return working_directory_; }
  const LibraryThreads& library_threads() const { return library_threads_; }
  DriverLog& log() { return log_; }
  Socket& socket() { return socket_; }
  void warn(const std::string& what) { log_.add(2, "manta: " + what + "\n", 1); }

  // 0 where it is unknown.
  pid_t pid() const { return pid_; }
  // The driver's pidfd; not open where it was refused: then only the end of the socket shows that the driver has ended.
  asio::posix::stream_descriptor& process() { return process_; }
  // Asio may end a wait early, when another descriptor is closed: so the process is asked.
  bool driver_has_ended() const;

  const std::string& start_failure() const { return start_failure_; }
  void note_start_failure(std::string why) { start_failure_ = std::move(why); }

  // Of a worker, whose process has the number only once it runs.
  void add_worker_log(std::filesystem::path file) { worker_logs_.push_back(std::move(file)); }
  void remove_worker_logs();
  void close();  // nothing goes to the driver any more

  // By serialize(): they have no holder but the job.
  std::vector<ObjectId> pinned_objects;
  std::vector<ActorId> pinned_actors;
  std::set<pid_t> strays;  // processes that its own had started, killed and not reaped yet
  int looks_for_strays = 0;
  JobState state = JobState::kRunning;
  bool let_go = false;      // the driver has ended, or reads no memory of the node any more
  char byte_of_driver = 0;  // read last

 private:
  const scheduler::JobNumber number_;
  const JobId id_;
  rpc::Slot driver_;
  const NodeOptions options_;
  const base::Fd program_;
  base::Fd working_directory_;
  const LibraryThreads library_threads_;
  Socket socket_;
  const pid_t pid_;
  mutable asio::posix::stream_descriptor process_;
  DriverLog log_;
  std::string start_failure_;
  std::vector<std::filesystem::path> worker_logs_;
};

}  // namespace manta::detail::node
