// What a fork() by user code means for the store: a child can read the arrays that its parent had, and has nothing else
// of the session.
//
//   before: the locks of the store are taken, and each block in use gets one count more for the child
//   child:  it keeps the read-only mapping, or gives it up where no block is in use; what it was filling becomes a
//           private copy; the rest of the window is reserved, so that nothing is mapped where a stale pointer leads;
//           arrays that it makes lie on its heap; what it drops frees nothing
//   parent: fork() returns when the child has its copies; the counts go when the child has ended or called exec
//
// So the bytes that a child reads are not used again while it lives. It holds one end of a pair of sockets, and a
// thread of the parent ("manta-fork", which exists as long as such children do) waits for the end of that. A child
// that closes descriptors which it does not know loses this protection, and so it does when the parent dies.
// posix_spawn, system and vfork take no part in this.
//
// Threads: fork() from any; the functions here belong to whoever opens and ends sessions.
#pragma once
#include "../base/build_settings.h"

namespace manta::objectstore {

// From now on forks are handled as described, for all stores. Repeating it changes nothing.
void handle_forks();

// The session has ended, and nobody uses its memory for new blocks any more: its children need no counts, and the
// thread ends. Stores whose arrays such a child may still read keep their memory.
void forget_forked_children();

}  // namespace manta::objectstore
