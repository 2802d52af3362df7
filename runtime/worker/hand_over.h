// A worker of a driver whose Manta is in a shared library, such as a plugin: where the worker's program has loaded that
// library too, there are two copies of Manta in the process, that of the program, which was entered first, and that of
// the library, which knows the library's functions and is meant to run them.
//
//   main --> program's copy: worker_main() --hand_over()--> library's copy: run_if_worker() --> its worker_main()
//
// The role is handed over as it came: by a descriptor, whose number is in the environment.
// Threads: the main thread, before there are others.
#pragma once
#include "../launch/entry.h"

namespace manta::detail {

// Returns if this copy is the one to run the worker: the driver's Manta is part of its program, or its library is not
// to be loaded here (then the worker has the functions of its own program, which are called by name).
// Errors: std::system_error.
void hand_over(Attachment& attachment);

// Afterwards, by the copy that runs the worker: its descriptors get high numbers (base::Fd::apart()). Not before: the
// other copy finds them at their first ones.
void move_apart(Attachment& attachment);

}  // namespace manta::detail
