// The node process of a session: reads what the processes say, keeps the tables, starts and buries workers.
//
//   sweep all rings --> grant, start, settle, send --> anything left? --no--> arm the bell, sleep in epoll
//        ^-----------------------------------------------------------------------'
//
// It ends when its driver does (EOF of the socket, or the process is gone), on `shutdown`, or on SIGTERM: then it
// kills and reaps every process below it, removes the session's directory, and exits.
// Threads: one. No CPU when idle but a look once a second whether free memory should be committed ahead.
#pragma once
#include <manta/base/build_settings.h>

namespace manta::detail {

struct Role;

[[noreturn]] int run_node(
    Role& role);  // never returns: _exit, without the static destructors of user code

}  // namespace manta::detail
