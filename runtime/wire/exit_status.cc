#include "exit_status.h"

#include <cstdint>
#include <cstring>
#include <fstream>
#include <sys/ioctl.h>
#include <sys/wait.h>

namespace manta::detail {
namespace {

// The kernel's struct pidfd_info, which older headers do not have.
struct PidfdInfo {
  std::uint64_t mask = 0;
  std::uint64_t control_group = 0;
  std::uint32_t ids[11] = {};
  std::int32_t status = 0;
};
static_assert(sizeof(PidfdInfo) == 64);
constexpr std::uint64_t kHasStatus = 1 << 3;  // in the mask
constexpr unsigned long kGetInfo = _IOWR(0xFF, 11, PidfdInfo);

// "pid (name) Z parent ... status": the last field of /proc/PID/stat.
std::optional<int> status_of_zombie(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
  std::string text;
  std::getline(file, text);
  const auto name_end = text.rfind(") Z ");
  if (name_end == std::string::npos) return std::nullopt;
  return std::stoi(text.substr(text.rfind(' ')));
}

}  // namespace

std::optional<int> exit_status(const base::Fd& process, pid_t pid) {
  if (const auto status = status_of_zombie(pid)) return status;
  PidfdInfo info{.mask = kHasStatus};
  if (!process || ::ioctl(process.get(), kGetInfo, &info) != 0) return std::nullopt;
  if ((info.mask & kHasStatus) == 0) return std::nullopt;
  return info.status;
}

std::string exit_text(int status) {
  if (WIFEXITED(status)) return "with code " + std::to_string(WEXITSTATUS(status));
  return "by " + signal_text(WTERMSIG(status));
}

std::string signal_text(int signal) {
  const char* const name = ::sigabbrev_np(signal);
  std::string text = "signal " + std::to_string(signal);
  if (name != nullptr) text.append(", SIG").append(name);
  return text + " (" + ::strsignal(signal) + ")";
}

}  // namespace manta::detail
