#include "children.h"

#include <cctype>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <dirent.h>
#include <errno.h>
#include <fstream>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

namespace manta::detail::node {
namespace {

// The parent, which stands in /proc/PID/stat behind the name; the name may contain anything.
pid_t parent_of(pid_t pid) {
  char path[64];
  std::snprintf(path, sizeof path, "/proc/%d/stat", pid);
  std::FILE* const file = std::fopen(path, "re");
  if (file == nullptr) return -1;
  char text[512] = {};
  const std::size_t size = std::fread(text, 1, sizeof text - 1, file);
  std::fclose(file);
  text[size] = '\0';
  const char* const end = std::strrchr(text, ')');
  int parent = -1;
  if (end != nullptr && std::sscanf(end + 1, " %*c %d", &parent) != 1) parent = -1;
  return parent;
}

// For kernels without CONFIG_PROC_CHILDREN.
std::vector<pid_t> children_by_search() {
  std::vector<pid_t> result;
  DIR* const proc = opendir("/proc");
  if (proc == nullptr) return result;
  while (const dirent* entry = readdir(proc)) {
    if (std::isdigit(static_cast<unsigned char>(entry->d_name[0])) == 0) continue;
    const auto pid = static_cast<pid_t>(std::strtol(entry->d_name, nullptr, 10));
    if (parent_of(pid) == getpid()) result.push_back(pid);
  }
  closedir(proc);
  return result;
}

// False: there are no children at all.
bool reap_all() {
  for (;;) {
    const pid_t pid = waitpid(-1, nullptr, WNOHANG);
    if (pid == 0) return true;
    if (pid < 0 && errno != EINTR) return false;
  }
}

}  // namespace

void become_subreaper() { prctl(PR_SET_CHILD_SUBREAPER, 1); }

std::vector<pid_t> children() {
  char path[64];
  std::snprintf(path, sizeof path, "/proc/self/task/%d/children", getpid());
  std::FILE* const file = std::fopen(path, "re");
  if (file == nullptr) return children_by_search();
  std::vector<pid_t> result;
  for (int pid = 0; std::fscanf(file, "%d", &pid) == 1;) result.push_back(pid);
  std::fclose(file);
  return result;
}

Killed kill_children_with(const std::string& variable) {
  Killed killed;
  for (const pid_t pid : children()) {
    std::ifstream file("/proc/" + std::to_string(pid) + "/environ", std::ios::binary);
    bool any = false, found = false;
    for (std::string entry; !found && std::getline(file, entry, '\0');) {
      any = true;
      found = entry == variable;
    }
    killed.unclear |= !any;
    if (!found) continue;
    kill(pid, SIGKILL);  // unreaped, so the number is still its own
    killed.children.push_back(pid);
  }
  return killed;
}

std::size_t kill_all_children(std::chrono::milliseconds patience) {
  const auto give_up = std::chrono::steady_clock::now() + patience;
  while (reap_all()) {
    const std::vector<pid_t> left = children();
    for (const pid_t pid : left) kill(pid, SIGKILL);  // unreaped, so the number is still theirs
    if (std::chrono::steady_clock::now() > give_up) return left.size();
    const timespec pause{.tv_sec = 0, .tv_nsec = 200'000};
    nanosleep(&pause, nullptr);
  }
  return 0;
}

}  // namespace manta::detail::node
