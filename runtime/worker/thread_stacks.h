// Threads of a worker, whoever starts them (std::thread, std::async, OpenMP, TBB, libraries), get an alternate signal
// stack, so that the crash handler can run, and tell the stack, when theirs overflows.
//
// pthread_create is defined here, weakly, before the one of the C library, which it calls. A program with a
// pthread_create of its own keeps that one. Costs a thread some system calls and one page.
// Threads: any. Never fails: a thread for which there is no memory runs without.
#pragma once
#include "../../base/build_settings.h"

namespace manta::detail {

// From now on, in this process.
void give_new_threads_signal_stacks() noexcept;

}  // namespace manta::detail
