// Failpoints: places where a worker or the node can be made to die, for tests of what a death leaves behind.
//
//   MANTA_FAILPOINT=reference_held:3 ./program     each worker kills itself when it comes to that place the third time
//   MANTA_NODE_FAILPOINT=spill_written:1 ./program     the node
//
// The variable is read once, when the process starts. Without it a place costs one comparison.
// Errors:  arm_failpoint() ends the process if there is no place of that name, and says which places there are.
// Threads: any.
#pragma once
#include <cstdint>

#include "build_settings.h"

namespace manta::base {

enum class Failpoint : std::uint8_t {
  kNone,
  // Of objects:
  kBlockAllocated,  // a block of the store is this process's, and nobody has a record of it yet
  kBlockFilled,     // its bytes are written, and no value has it yet
  kBlockSealed,     // it was frozen
  kBlockOffered,  // the node has been told that it shall own the block, which is still this process's
  kObjectPublished,  // the node has been told of an object of this process
  kObjectHeld,       // the node has been told that an object that was lent is kept
  kSpillAgreed,      // nobody here reads a block, and the node has not been told so yet
  kReadBack,         // the node has read a block back from disk, and holds it for this process
  // Of spilling, by the node:
  kSpillWritten,   // objects are on disk, and their memory is still theirs
  kSpillEmptied,   // the memory of one has been given back
  kBlockRestored,  // an object has been read back, and nobody has been told so
  // Of a reply:
  kCallEnded,  // the reply is about to be made
  kPublished,  // the node knows the references in the results; nobody holds them for the caller yet
  kReferenceHeld,    // one of them has been held in the caller's name
  kBlockAdopted,     // a block that this process continues to use has been given to the node
  kBlockHeld,        // and has been held in the caller's name
  kReplyWritten,     // the reply is in the ring, where the caller cannot see it yet
  kReplyPrepared,    // whoever recovers the ring will find it
  kBlockHandedOver,  // one of the blocks that only the results use has been given away
  kReplyComplete,    // the reply is about to be committed
  kReplyCommitted,   // it has been committed, but the caller's bell has not been rung
};

inline Failpoint armed_failpoint = Failpoint::kNone;

// From that variable of the environment.
void arm_failpoint(const char* variable = "MANTA_FAILPOINT");
// Kills this process if it has come to the armed place often enough.
void reach_failpoint(Failpoint place);

inline void failpoint(Failpoint place) {
  if (armed_failpoint == place) [[unlikely]] {
    reach_failpoint(place);
  }
}

}  // namespace manta::base
