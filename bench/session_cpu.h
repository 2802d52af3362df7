// SessionCpu: the CPU time that all processes of the open session have used: driver, node, workers.
//
// Workers are no children of the driver, so getrusage() does not know them: the node is asked for by a
// task (its parent is the node), its children are found in /proc. What ended and was reaped by the node
// counts too, in steps of 10 ms.
// Threads: confined. Units: seconds.
#pragma once
#include <sys/types.h>
#include <vector>

namespace manta::bench {

class SessionCpu {
 public:
  // A session must be open. Runs one task in it.
  static SessionCpu of_open_session();
  explicit SessionCpu(pid_t node) : node_(node) {}

  double seconds() const { return own() + others(); }
  double own() const;     // of this process
  double others() const;  // of node and workers; finding them costs CPU time of this process
  pid_t node() const { return node_; }
  std::vector<pid_t> workers() const;  // those alive

 private:
  pid_t node_;
};

}  // namespace manta::bench
