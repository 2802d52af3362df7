// How threads of this process wait for room in the object store: those of user code that put, make arrays, or give
// results. The node says whose turn it is (node/store_room.h). In a worker the CPU of the call that runs is lent to
// others meanwhile, so that what frees memory can run.
//
// Errors:  of a thread that waits: InvalidArgument if the session is shut down meanwhile; OutOfDisk if its time is over
//          and nothing could be spilled, since disks fail. Else the store throws ObjectStoreFull then.
// Threads: any user thread.
#pragma once
#include "../../base/build_settings.h"

namespace manta::detail {

class Process;

// From now on they wait, if the session's put_timeout is above zero.
void let_threads_wait_for_room(Process& process);

}  // namespace manta::detail
