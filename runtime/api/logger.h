// Structured log lines: on stderr, tagged with level and the running task; those of workers are streamed to the driver
// like all their output.
//
//   manta::logger::info("loaded 3 files");     ->  I 12:30:01.123 [load pid=4711] loaded 3 files
//
// Threads: any; a line is written whole. Errors: none.
#pragma once
#include <string_view>

#include "../../base/build_settings.h"

namespace manta::logger {

void debug(std::string_view text);
void info(std::string_view text);
void warn(std::string_view text);
void error(std::string_view text);

}  // namespace manta::logger
