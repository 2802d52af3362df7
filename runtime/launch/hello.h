// The first thing on the socket from a node to its driver: the descriptors of the shared memory, or why
// there is none. Both ends block. Errors: send and receive give false when the other end is gone.
#pragma once
#include <string>

#include "../../base/fd.h"

namespace manta::detail {

struct NodeHello {
  std::string error = {};      // not empty: the node could not start; no descriptors
  std::string directory = {};  // of the session, which the node has made
  base::Fd control = {}, arena_rw = {}, arena_ro = {}, bell = {};

  bool send(int socket) const;
  bool receive(int socket);
};

}  // namespace manta::detail
