// All processes below this one. The node is a subreaper, so that what a dead worker leaves behind becomes its child.
// Threads: confined. Errors: what cannot be killed within the time is left and counted.
#pragma once
#include <chrono>
#include <cstddef>
#include <string>
#include <sys/types.h>
#include <vector>

#include "../../base/build_settings.h"

namespace manta::detail::node {

void become_subreaper();
std::vector<pid_t> children();  // running or waiting to be reaped
// Kills those that were started with this entry in their environment ("A=1"), and says which they are. Of one that is
// dying, or inside exec(), the kernel shows no environment: then it is not clear whether there are others.
struct Killed {
  std::vector<pid_t> children = {};
  bool unclear = false;
};
Killed kill_children_with(const std::string& variable);
// Kills and reaps until there are none: the children of killed children become ours. Gives how many are left.
std::size_t kill_all_children(std::chrono::milliseconds patience);

}  // namespace manta::detail::node
