// A NodeHello is the first message on the socket from a node to its driver: the descriptors of the shared memory, or
// the reason why the node could not start. It is sent once; both ends block.
//
// Errors: send() and receive() give false when the other end is gone. Threads: a value.
#pragma once
#include <cstdint>
#include <string>

#include "../../base/fd.h"
#include "../../objectstore/arena/arena_files.h"

namespace manta::detail {

struct NodeHello {
  // kBuildMismatch: the driver is of another version of Manta than the node.
  enum class Refusal : std::uint32_t { kNone, kFailed, kBuildMismatch };
  // Why the node could not start: then there are no descriptors. Empty: it has started.
  std::string error = {};
  Refusal refusal = Refusal::kFailed;  // if there is an error
  // Of the session; the node has made it.
  std::string directory = {};
  base::Fd control = {}, bell = {};
  objectstore::ArenaFiles arena = {};  // perhaps without an overflow
  // A role file that says what the driver's part is, of a driver that has joined a node; else empty.
  base::Fd part = {};

  bool send(int socket) const;
  bool receive(int socket);
};

}  // namespace manta::detail
