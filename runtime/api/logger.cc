#include "logger.h"

#include <chrono>
#include <cstdio>
#include <ctime>
#include <string>
#include <unistd.h>

#include "../worker/task_frame.h"

namespace manta::logger {
namespace {

void write_line(char level, std::string_view text) {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
  const std::time_t seconds = ms / 1000;
  std::tm local{};
  ::localtime_r(&seconds, &local);
  char stamp[32];
  std::strftime(stamp, sizeof stamp, "%H:%M:%S", &local);
  const auto frame = detail::TaskFrame::of_process();
  std::string line;
  line.reserve(text.size() + 64);
  char head[64];
  std::snprintf(head, sizeof head, "%c %s.%03d [", level, stamp, static_cast<int>(ms % 1000));
  line += head;
  line += frame ? frame->name : "driver";
  line += " pid=" + std::to_string(::getpid()) + "] ";
  line += text;
  line += '\n';
  std::fwrite(line.data(), 1, line.size(), stderr);
}

}  // namespace

void debug(std::string_view text) { write_line('D', text); }
void info(std::string_view text) { write_line('I', text); }
void warn(std::string_view text) { write_line('W', text); }
void error(std::string_view text) { write_line('E', text); }

}  // namespace manta::logger
