// The process of the node as the driver sees it: no child of its own as a rule, but one when the driver is
// process 1 of a container, or a subreaper. By pidfd, so that it is never another process of that number;
// where pidfd_open is refused, by number and time of start.
//
// Threads: any. Errors: none; a process that cannot be looked at has ended.
#pragma once
#include <chrono>
#include <string>
#include <sys/types.h>

#include "../../base/fd.h"

namespace manta::detail {

class NodeProcess {
 public:
  NodeProcess() = default;
  explicit NodeProcess(pid_t pid);  // while it is sure to be that one

  NodeProcess duplicate() const;

  pid_t pid() const { return pid_; }
  const base::Fd& descriptor() const { return descriptor_; }  // pidfd; empty: refused

  bool ended(std::chrono::milliseconds patience = {}) const;
  void signal(int number) const;
  // If it, or what was below it, has become a child of ours: buried, and what is left of its group killed.
  void bury() const;

 private:
  base::Fd descriptor_;
  pid_t pid_ = 0;
  std::string started_;  // as /proc says
};

// The state in /proc/PID/stat: 'R', 'S', 'T' (stopped), 't' (by a debugger), 'Z'; '?' if there is none.
char process_state(pid_t pid);

// "; it is stopped (...): ... kill -CONT 12": why a process does not answer, if it shows.
std::string why_silent(pid_t pid);

}  // namespace manta::detail
