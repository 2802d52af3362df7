#include "node_process.h"

#include <csignal>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sstream>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace manta::detail {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr auto kLookEvery = 1ms;
constexpr auto kBuryWithin = 1s;

struct Stat {
  char state = '?';
  std::string started = {};
};

// Reads /proc/PID/stat (see proc(5)): "pid (name) S ... started ...". The name may contain anything; behind it, the
// state is the first field and the time of the start the twentieth.
Stat stat_of(pid_t pid) {
  const std::string path = "/proc/" + std::to_string(pid) + "/stat";
  const base::Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  char text[1024];
  const ssize_t n = file ? ::read(file.get(), text, sizeof text) : 0;
  const std::string all(text, n > 0 ? static_cast<std::size_t>(n) : 0);
  const auto name_end = all.rfind(')');
  if (name_end == std::string::npos) return {};
  std::istringstream rest(all.substr(name_end + 1));
  Stat stat;
  rest >> stat.state;
  for (int field = 2; field <= 20; ++field) rest >> stat.started;
  return stat;
}

bool poll_until(Clock::time_point end, const auto& condition) {
  while (!condition()) {
    if (Clock::now() >= end) return false;
    std::this_thread::sleep_for(kLookEvery);
  }
  return true;
}

}  // namespace

NodeProcess::NodeProcess(pid_t pid)
    : descriptor_(base::Fd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)))),
      pid_(pid),
      started_(stat_of(pid).started) {}

NodeProcess NodeProcess::duplicate() const {
  NodeProcess copy;
  copy.descriptor_ = descriptor_ ? descriptor_.duplicate() : base::Fd();
  copy.pid_ = pid_;
  copy.started_ = started_;
  return copy;
}

bool NodeProcess::ended(std::chrono::milliseconds patience) const {
  if (pid_ == 0) return true;
  const auto end = Clock::now() + patience;
  if (!descriptor_) {
    return poll_until(end, [this] {
      const Stat stat = stat_of(pid_);
      return stat.state == 'Z' || stat.state == 'X' || stat.started.empty() ||
             stat.started != started_;
    });
  }
  pollfd entry{.fd = descriptor_.get(), .events = POLLIN, .revents = 0};
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - Clock::now());
    const int n = ::poll(&entry, 1, static_cast<int>(std::max<std::int64_t>(0, left.count())));
    if (n >= 0 || errno != EINTR) return n > 0;
  }
}

void NodeProcess::signal(int number) const {
  if (pid_ == 0) return;
  if (descriptor_ && ::syscall(SYS_pidfd_send_signal, descriptor_.get(), number, nullptr, 0) == 0) {
    return;
  }
  if (!ended()) ::kill(pid_, number);
}

// A zombie that is our child keeps its number, which is also the number of its process group: no other group is hit.
void NodeProcess::bury() const {
  siginfo_t info = {};
  if (pid_ == 0 ||
      ::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG | WNOWAIT) != 0) {
    return;  // not our child
  }
  if (info.si_pid != pid_ || stat_of(pid_).started != started_) return;
  ::kill(-pid_, SIGKILL);
  poll_until(Clock::now() + kBuryWithin, [this] {
    pid_t buried = 0;
    while ((buried = ::waitpid(-pid_, nullptr, WNOHANG)) > 0) {
    }
    return buried < 0 && errno == ECHILD;
  });
}

char process_state(pid_t pid) { return stat_of(pid).state; }

std::string why_silent(pid_t pid) {
  const std::string number = std::to_string(pid);
  switch (process_state(pid)) {
    case 'T':
      return "; it is stopped (state T in /proc/" + number + "/stat): resume it with kill -CONT " +
             number;
    case 't':
      return "; a debugger holds it (state t in /proc/" + number + "/stat)";
    case 'D':
      return "; it waits inside the kernel (state D in /proc/" + number +
             "/stat), for a disk or memory";
    case '?':
    case 'Z':
      return "; it has ended";
    default:
      return "; it is running: the machine may be overloaded";
  }
}

}  // namespace manta::detail
