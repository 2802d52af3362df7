// A NodeProcess is the node's process as the driver sees it: as a rule no child of the driver, but it becomes one when
// it ends if the driver is process 1 of a container, or a subreaper. It is known by its pidfd, so that it is never
// mistaken for another process of the same number; where pidfd_open is refused, by its number and the time of its
// start.
//
// Threads: any. Errors: none: a process that cannot be looked at counts as ended.
#pragma once
#include <chrono>
#include <string>
#include <sys/types.h>

#include "../../base/fd.h"

namespace manta::detail {

class NodeProcess {
 public:
  NodeProcess() = default;
  // To be called while `pid` is sure to be the node.
  explicit NodeProcess(pid_t pid);

  NodeProcess duplicate() const;

  pid_t pid() const { return pid_; }
  // The pidfd; empty where it was refused.
  const base::Fd& descriptor() const { return descriptor_; }

  // Whether it has ended, at the latest after `patience`.
  bool ended(std::chrono::milliseconds patience = {}) const;
  void signal(int number) const;
  // If it has become a child of this process: takes its exit status, and kills what is left of its process group.
  void bury() const;

 private:
  base::Fd descriptor_;
  pid_t pid_ = 0;
  std::string started_;  // the time of its start, as /proc gives it
};

// The state in /proc/PID/stat: 'R', 'S', 'T' (stopped), 't' (stopped by a debugger), 'Z'; '?' if there is no such
// process.
char process_state(pid_t pid);

// Why a process does not answer, as far as its state shows it: "; it is stopped (...): ... kill -CONT 12".
std::string why_silent(pid_t pid);

}  // namespace manta::detail
