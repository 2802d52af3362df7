// The signals of faults and of abort(), in a process where both Manta and others want them: a Go library or a wasm
// engine that recovers from faults, a Java machine, a crash reporter.
//
//   signal --> Manta's look --> the user's handler, if there is one --> (it mends, jumps, ends the process, resets)
//                          \--> none: what Manta leaves behind --> the default, mostly death
//
// While a signal is watched, the kernel knows only the handler in here. The user's is kept here, whether it was
// installed before (by static constructors, say) or later: this defines weak sigaction() and signal(), which are found
// before those of the C library. A program that has its own keeps them. Whoever makes the system call itself (Go does)
// comes before Manta, and passes on what is not its own.
//
// The user's handler gets the signal as from the kernel: with siginfo and context, its mask and the signal itself
// blocked meanwhile, SA_NODEFER and SA_RESETHAND observed. It runs on the thread's alternate signal stack wherever
// there is one. In the functions that are given here the signal is blocked, too: if they fault, the process dies of it
// at once, unless they have unblocked it.
// Threads: any. All may be called in signal handlers, too. Errors: none.
#pragma once
#include <signal.h>

#include "build_settings.h"

namespace manta::base {

using SignalLook = void (*)(int signal, siginfo_t* info, void* context);
// Gives the signal that the process shall die of.
using LastWords = int (*)(int signal, siginfo_t* info, void* context);

// Watches it until unwatch_signal(), which gives the user's handler back to the kernel, counts as often.
void watch_signal(int signal);
void unwatch_signal(int signal);

// `look` sees a watched signal first of all; null: nobody does. It may end the process.
void look_first(int signal, SignalLook look);

// For all watched signals: `passing` sees those that go to a user's handler, `last` those that have none, and those of
// abort() that the user's has returned from. Without `last`, or where `last` returns, the default follows. Both may
// jump out with siglongjmp().
void look_last(SignalLook passing, LastWords last);

}  // namespace manta::base
