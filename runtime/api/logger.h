// Log lines on stderr, with the level, the time, and the running task (or "driver"). Those of workers are shown by the
// driver, like all their output.
//
//   manta::logger::info("loaded 3 files");     ->  I 12:30:01.123 [load pid=4711] loaded 3 files
//
// Errors: none. Threads: any; a line is written as a whole.
#pragma once
#include <string_view>

#include "../../base/build_settings.h"

namespace manta::logger {

// One line each, of the levels D, I, W and E; all levels are written.
void debug(std::string_view text);
void info(std::string_view text);
void warn(std::string_view text);
void error(std::string_view text);

}  // namespace manta::logger
