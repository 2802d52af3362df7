// The threads of a worker, whoever starts them (std::thread, std::async, OpenMP, TBB, libraries), get an alternate
// signal stack, so that the crash handler can run, and record the stack, when theirs overflows. In a local session a
// thread also knows which calls have started it (Executor::Starter).
//
// This defines a weak pthread_create, which is found before that of the C library, and calls it. A program that has a
// pthread_create of its own keeps it. It costs each thread some system calls and one page.
// Errors: none: a thread for which there is no memory does without. Threads: any.
#pragma once
#include "../../base/build_settings.h"

namespace manta::detail {

// From now on, in this process.
void give_new_threads_signal_stacks() noexcept;

// Whether that works: a sanitizer, or the program, may have a pthread_create of its own.
bool new_threads_have_signal_stacks() noexcept;

}  // namespace manta::detail
