#include "thread_sleep.h"

#include <ctime>
#include <fstream>
#include <iterator>
#include <sstream>
#include <sys/syscall.h>
#include <unistd.h>

#include "../launch/clock.h"

namespace manta::detail {
namespace {

// Longer than any sleep in a wait of the runtime, which looks around once a second at least (lend_cpu.cc).
constexpr std::chrono::milliseconds kLong(1500);
// In milliseconds: the kernel tells when a thread was started in ticks of 10 ms.
constexpr std::int64_t kCoarse = 20;

std::string content_of(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::string line_with(const std::string& text, const std::string& word) {
  const auto begin = text.find(word);
  return begin == std::string::npos ? "" : text.substr(begin, text.find('\n', begin) - begin);
}

std::int64_t milliseconds_of(clockid_t clock) {
  timespec now{};
  ::clock_gettime(clock, &now);
  return std::int64_t{now.tv_sec} * 1000 + now.tv_nsec / 1'000'000;
}

}  // namespace

bool FutexSleep::lasts() {
  const std::string directory = "/proc/self/task/" + std::to_string(thread_) + "/";
  const std::string call = content_of(directory + "syscall");  // "202 0x7f.. 0x0 ..."
  std::string now;
  if (call.starts_with(std::to_string(SYS_futex) + " ")) {
    now = call + line_with(content_of(directory + "status"), "\nvoluntary_ctxt_switches:");
  }
  const auto time = std::chrono::steady_clock::now();
  if (now != seen_) {
    seen_ = std::move(now);
    since_ = time;
  }
  return !seen_.empty() && time - since_ >= kLong;
}

bool this_thread_started_since(std::int64_t monotonic) {
  const std::string stat = content_of("/proc/thread-self/stat");
  const auto name_end = stat.rfind(')');
  if (name_end == std::string::npos) return false;
  std::istringstream fields(stat.substr(name_end + 1));
  std::string ticks;
  for (int field = 3; field <= 22; ++field) fields >> ticks;  // 22: starttime, since boot
  const std::int64_t started = std::atoll(ticks.c_str()) * 1000 / ::sysconf(_SC_CLK_TCK);
  const std::int64_t asleep = milliseconds_of(CLOCK_BOOTTIME) - milliseconds_of(CLOCK_MONOTONIC);
  return started - asleep + kCoarse >= monotonic;
}

}  // namespace manta::detail
