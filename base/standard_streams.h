// Standard streams that nobody opened: what is opened next gets the number 0, 1 or 2, and printf writes
// into it. An Fd moves what it owns away from there; this is for what others open on our behalf (the C++
// library, libzip), and for the time between open and move.
//
//   const StandardStreamsReserved reserved;   // in a user's process: for the time of a call
//   open_standard_streams();                  // in a process of our own: for good
//
// Missing ones are /dev/null meanwhile. Afterwards they are closed again: a program may rely on the number
// that its next open() gets.
// Threads: any; reservations of several threads overlap; a forked child has none. Errors: without a descriptor left it does nothing.
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
