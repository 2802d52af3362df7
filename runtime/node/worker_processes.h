// The worker processes of a node: started from their job's program, watched, killed, reaped; and what they print.
//
//   start() --> running --it exits, reap() sees it--> gone (its last lines are in the Exit)
//
// Invariant: a process number is used for kill only before it was reaped, so it is always the right process.
// Threads: the node's. Errors: start() gives nothing; Job::start_failure() says why.
#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "../../base/fd.h"
#include "../../rpc/control.h"
#include "../../scheduler/worker_pool.h"
#include "../launch/role.h"
#include "job.h"
#include "own_asio.h"
#include "worker_output.h"

namespace manta::detail::node {

class WorkerProcesses {
 public:
  // What the workers of all jobs have: the descriptors of the node's memory.
  struct Shared {
    int control = -1, bell = -1;
    objectstore::ArenaDescriptors arena = {};
    std::uint64_t overflow_bytes = 0;
  };
  struct Exit {
    rpc::Slot slot = 0;
    pid_t pid = 0;
    int status = 0;  // as waitpid gives it
    bool killed_by_us = false;
    std::shared_ptr<WorkerOutput> output = {};
  };

  WorkerProcesses(asio::io_context& io, const Role& node, const rpc::Control& control,
                  Shared shared);

  std::optional<pid_t> start(rpc::Slot slot, const scheduler::WorkerKind& kind,
                             const std::shared_ptr<Job>& job);

  // The entry in the environment of the workers of a job that has joined, and of all that they start.
  static std::string job_variable(JobId job) { return "MANTA_JOB=" + job.hex(); }

  void set_name(rpc::Slot slot, const std::string& name);
  std::string name_of(rpc::Slot slot) const;  // "worker", or that of its actor
  void kill(rpc::Slot slot);
  // After SIGCHLD: the workers that have ended. Orphans that the node has inherited are reaped, too.
  std::vector<Exit> reap();
  // Those orphans, of reap().
  std::vector<pid_t> take_reaped_orphans() { return std::exchange(reaped_orphans_, {}); }
  void finish_output();  // at the end, when all are dead: reads what is left in the pipes
  std::size_t size() const { return workers_.size(); }
  std::vector<rpc::Slot> slots() const;

 private:
  std::map<std::string, std::string> environment_of(const scheduler::WorkerKind& kind,
                                                    const Job& job) const;

  struct Worker {
    pid_t pid = 0;
    bool killed = false;
    std::shared_ptr<WorkerOutput> output;
  };

  asio::io_context& io_;
  const rpc::Control& control_;
  const Role& node_;
  Shared shared_;
  base::Fd nothing_;  // /dev/null
  std::map<rpc::Slot, Worker> workers_;
  std::map<pid_t, rpc::Slot> slots_;
  // Of dead workers; their children hold the pipes.
  std::vector<std::weak_ptr<WorkerOutput>> left_open_;
  std::vector<pid_t> reaped_orphans_;
};

}  // namespace manta::detail::node
