// Keeps the numbers 0, 1 and 2 from getting anything of ours. Where nobody opened a standard stream, what is opened
// next gets its number, and printf writes into it. An Fd moves what it owns away from there; this is for what others
// open on our behalf (the C++ library, libzip), and for the time between open and move.
//
//   const StandardStreamsReserved reserved;   // in a user's process: for the time of a call
//   open_standard_streams();                  // in a process of our own: for good
//
// In the meantime the missing streams are /dev/null. Afterwards they are closed again, because a program may rely on
// the number that its next open() gets.
// Threads: any; reservations of several threads overlap; a forked child has none.
// Errors:  when the process has no descriptor left, nothing is done.
#pragma once
#include "build_settings.h"

namespace manta::base {

class StandardStreamsReserved {
 public:
  StandardStreamsReserved();
  ~StandardStreamsReserved();
  StandardStreamsReserved(const StandardStreamsReserved&) = delete;
  StandardStreamsReserved& operator=(const StandardStreamsReserved&) = delete;
};

void open_standard_streams();

}  // namespace manta::base
