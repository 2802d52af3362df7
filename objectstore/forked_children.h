// What fork() of user code means for the store: a child reads the arrays that its parent had, and nothing else of the
// session is there.
//
//   before: the locks of the store are taken, each block in use gets one count more for the child
//   child:  keeps the read-only mapping (gives it up where no block is in use); what it was filling becomes a private
//           copy; the rest of the window is reserved, so that nothing is mapped where a stale pointer leads; arrays that
//           it makes lie on its heap; what it drops frees nothing
//   parent: fork() returns when the child has its copies; the counts go when the child has ended or called exec
//
// So the bytes that a child reads are not used again while it lives: it holds one end of a pair of sockets, and a thread of the
// parent ("manta-fork", there as long as such children are) waits for its end. A child that closes descriptors which it
// does not know gives that up, and so does the death of the parent. posix_spawn, system and vfork take no part in this.
//
// Threads: fork() from any; the others: by who opens and ends sessions.
#pragma once
#include "../base/build_settings.h"

namespace manta::objectstore {

void handle_forks();  // from now on, for the current store; repeating it changes nothing

// The session has ended, and its memory is used by nobody any more: its children need no counts, the thread ends.
void forget_forked_children();

}  // namespace manta::objectstore
