// Files in memory (memfd) that processes share.
//
// Not executable where the kernel knows that (Linux 6.3): it is asked for by hardened systems, which
// refuse others (vm.memfd_noexec=2) or seal them so by themselves (1). Hence F_GET_SEALS may tell of
// F_SEAL_EXEC beside the seals that were set.
// Threads: any. Errors: empty, and errno.
#pragma once
#include <string_view>

#include "fd.h"

namespace manta::base {

// A new empty file, which can be sealed, close-on-exec. `name` is for people, in /proc.
Fd create_memory_file(const char* name);

// Appends the bytes to a file. Gives 0, or the errno. A limit on the size of files (ulimit -f) is EFBIG: the signal
// that the kernel sends with it, which would end the program, is taken back.
int append(const Fd& file, std::string_view bytes);

}  // namespace manta::base
