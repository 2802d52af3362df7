// How threads of this process wait for room in the object store: those of user code that put, make arrays, or give
// results. The node says whose turn it is (node/store_room.h). In a worker the CPU of the call that runs is lent to
// others when it waits long, or when nothing can be spilled, so that what frees memory can run. What holds the store is
// asked of the node, as tools do it.
//
// Errors:  of a thread that waits: InvalidArgument if the session is shut down meanwhile; OutOfDisk if its time is over
//          and nothing could be spilled, since disks fail. Else the store throws ObjectStoreFull then.
// Threads: any user thread.
#pragma once
#include <cstdint>

#include "../../base/build_settings.h"

namespace manta::detail {

class Process;

// From now on they wait, if the session's put_timeout is above zero.
void let_threads_wait_for_room(Process& process);

// After so long a line says who waits, for what, and what holds the store. Tests have it shorter.
inline std::int64_t room_warned_after_ms = 10'000;

}  // namespace manta::detail
