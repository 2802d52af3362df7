#include "session_cpu.h"

#include <ctime>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <unistd.h>

#include <manta/manta.h>

namespace manta::bench {
namespace {

int node_of_this_worker() { return getppid(); }

double clock_seconds(clockid_t clock) {
  timespec time{};
  if (clock_gettime(clock, &time) != 0) return 0;
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

double process_seconds(pid_t pid) {
  clockid_t clock{};
  return clock_getcpuclockid(pid, &clock) == 0 ? clock_seconds(clock) : 0;
}

// The fields of /proc/PID/stat behind the command's name: state, parent, ...
std::vector<std::string> stat_fields(const std::string& pid) {
  std::ifstream file("/proc/" + pid + "/stat");
  std::string line;
  std::getline(file, line);
  const auto name_end = line.rfind(')');
  if (name_end == std::string::npos) return {};
  std::istringstream rest(line.substr(name_end + 1));
  std::vector<std::string> fields;
  for (std::string field; rest >> field;) fields.push_back(field);
  return fields;
}

constexpr std::size_t kParent = 1;
constexpr std::size_t kReapedUser = 13;
constexpr std::size_t kReapedSystem = 14;

double reaped_seconds(pid_t pid) {
  const auto fields = stat_fields(std::to_string(pid));
  if (fields.size() <= kReapedSystem) return 0;
  return (std::stod(fields[kReapedUser]) + std::stod(fields[kReapedSystem])) /
         static_cast<double>(sysconf(_SC_CLK_TCK));
}

}  // namespace

SessionCpu SessionCpu::of_open_session() {
  return SessionCpu(manta::get(manta::remote(node_of_this_worker)()));
}

std::vector<pid_t> SessionCpu::workers() const {
  std::vector<pid_t> found;
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    const std::string name = entry.path().filename();
    if (name.find_first_not_of("0123456789") != std::string::npos) continue;
    const auto fields = stat_fields(name);
    if (fields.size() > kParent && fields[0] != "Z" && fields[kParent] == std::to_string(node_)) {
      found.push_back(std::stoi(name));
    }
  }
  return found;
}

double SessionCpu::own() const { return clock_seconds(CLOCK_PROCESS_CPUTIME_ID); }

double SessionCpu::others() const {
  double sum = process_seconds(node_) + reaped_seconds(node_);
  for (const pid_t worker : workers()) sum += process_seconds(worker);
  return sum;
}

}  // namespace manta::bench
