// SessionCpu: the CPU time that all processes of the open session have used: driver, node, workers.
//
// Workers are no children of the driver, so that getrusage() does not know them. A task tells who the node is, which is
// the parent of its process; the children of the node are found in /proc. Workers that have ended count, too, in steps
// of 10 ms.
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
  // Of this process; and of the node and the workers, which costs CPU time of this process to find out.
  double own() const;
  double others() const;
  pid_t node() const { return node_; }
  std::vector<pid_t> workers() const;  // those alive

 private:
  pid_t node_;
};

}  // namespace manta::bench
