// Failpoints: places where a worker can be made to die, for tests of what a death leaves behind.
//
//   MANTA_FAILPOINT=reference_held:3 ./program     each worker kills itself when it comes to that place the third time
//
// The variable is read once, when a worker starts. Where none is armed a place costs one comparison.
// Threads: the executor's. Errors: arm_failpoint ends the worker for a name that there is not, and says which there are.
#pragma once
#include <cstdint>

#include "../../base/build_settings.h"

namespace manta::detail {

enum class Failpoint : std::uint8_t {
  none,
  call_ended,         // the reply is about to be made
  published,          // the node knows the references inside, nobody holds them for the caller
  reference_held,     // one of them was held in the caller's name
  block_adopted,      // a block that goes on being used here was given to the node
  block_held,         // and was held in the caller's name
  reply_written,      // into the ring, where it is not visible yet
  reply_prepared,     // it will be found by who recovers the ring
  block_handed_over,  // one of the blocks that the results alone use
  reply_complete,     // about to be committed
  reply_committed,    // and the caller's bell not rung
};

inline Failpoint armed_failpoint = Failpoint::none;

void arm_failpoint();                   // from the environment
void reach_failpoint(Failpoint place);  // dies if it is time to

inline void failpoint(Failpoint place) {
  if (armed_failpoint == place) [[unlikely]]
    reach_failpoint(place);
}

}  // namespace manta::detail
