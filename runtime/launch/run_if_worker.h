// For a library that brings Manta into programs that are not linked with it, such as a Python module.
//
// The workers of a session run a program of their own (InitOptions::worker.path), which may be the one that has loaded
// the library: with arguments that make it load the library again and call run_if_worker().
//
//   init({.worker = {.path = "/usr/bin/python3", .args = {"-c", "import waves; waves.run_if_worker()"}}})
//
// docs/libraries.md has all of it, and the other way: a small program that is linked with Manta.
#pragma once
#include "../../base/build_settings.h"

namespace manta {

// In a process that a session has started, runs the node or the worker that it is to be, and ends the process by exit()
// afterwards; in any other process returns at once. What tasks need of the library must be set up before the call.
// Errors:  a role that cannot be taken is told on stderr, and the process ends with code 114.
// Threads: the main thread, which will run the tasks.
void run_if_worker();

}  // namespace manta
