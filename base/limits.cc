// In the order of the file: what the limits of a process and of its cgroup are, the texts about each kind of them,
// and at the end which text belongs to which errno.
#include "limits.h"

#include <cstdint>
#include <errno.h>
#include <new>
#include <optional>
#include <sys/resource.h>
#include <system_error>
#include <utility>
#include <vector>

#include "cgroups.h"

namespace manta::base {
namespace {

constexpr rlim_t kLargeStack = rlim_t{1}
                               << 30;  // a thread that cannot have this much is a likely reason

// The limit of the cgroup that is full, or nearest to it: the limits of all cgroups above hold, too.
std::string pids_limit() {
  std::string result;
  std::int64_t least_left = 0;
  for (const Cgroup& cgroup : cgroups_of("pids")) {
    const auto max = leading_number(read_small_file(cgroup.directory / "pids.max"));
    if (!max) continue;  // "max": none
    const auto current =
        leading_number(read_small_file(cgroup.directory / "pids.current")).value_or(0);
    const std::int64_t left = static_cast<std::int64_t>(*max) - static_cast<std::int64_t>(current);
    if (!result.empty() && left >= least_left) continue;
    least_left = left;
    result = (cgroup.directory / "pids.max").string() + " is " + std::to_string(*max) +
             ", of which " + std::to_string(current) + " are in use";
  }
  return result;
}

std::string joined(const std::vector<std::string>& texts) {
  std::string all;
  for (const std::string& text : texts) all += (all.empty() ? "" : ", ") + text;
  return all;
}

// Those limits on a process's memory that are set. A thread needs memory, too: as much as a stack may have.
std::vector<std::string> memory_limits() {
  std::vector<std::string> limits;
  const auto add = [&limits](const char* what, std::optional<rlim_t> limit) {
    if (limit) limits.push_back(what + std::to_string(*limit >> 20) + " MiB");
  };
  add("the limit on address space (ulimit -v) is ", limit_of(RLIMIT_AS));
  add("the limit on private memory (ulimit -d) is ", limit_of(RLIMIT_DATA));
  return limits;
}

// All that may keep a process or thread from being started: the kernel does not say which limit it was.
std::string processes() {
  std::vector<std::string> limits;
  if (const auto limit = limit_of(RLIMIT_NPROC)) {
    limits.push_back("the limit on processes and threads of this user (ulimit -u) is " +
                     std::to_string(*limit));
  }
  if (const std::string pids = pids_limit(); !pids.empty()) limits.push_back(pids);
  if (limits.empty()) {
    limits.push_back("kernel.threads-max is " + read_small_file("/proc/sys/kernel/threads-max"));
  }
  for (std::string& limit : memory_limits()) limits.push_back(std::move(limit));
  if (const auto stack = limit_of(RLIMIT_STACK); stack && *stack > kLargeStack) {
    limits.push_back("the stack of a thread (ulimit -s) is " + std::to_string(*stack >> 20) +
                     " MiB");
  }
  return "; no more processes or threads: " + joined(limits) +
         ": raise what is too small, or use fewer workers (InitOptions::cpus)";
}

std::string address_space() {
  const auto limits = memory_limits();
  if (limits.empty()) return "; memory or address space is short";
  return "; " + joined(limits) +
         ": set it to unlimited (what is mapped is not memory that is used)";
}

// "; WHAT is NUMBER: ADVICE".
std::string limited(const char* what, __rlimit_resource_t resource, const char* advice) {
  const auto limit = limit_of(resource);
  return std::string("; ") + what + " is " + (limit ? std::to_string(*limit) : "unlimited") + ": " +
         advice;
}

}  // namespace

std::optional<rlim_t> limit_of(__rlimit_resource_t resource) {
  rlimit limit;
  if (::getrlimit(resource, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return std::nullopt;
  return limit.rlim_cur;
}

std::string limit_behind(int error) {
  switch (error) {
    case EAGAIN:
      return processes();
    case EMFILE:
      return limited("the limit on open files (ulimit -n)", RLIMIT_NOFILE,
                     "raise it; a node needs about 30, and 3 for each worker");
    case ENFILE:
      return "; the whole system has no descriptor left (fs.file-max is " +
             read_small_file("/proc/sys/fs/file-max") + ")";
    case ENOMEM:
      return address_space();
    case EFBIG:
      return limited("the limit on the size of files in bytes (ulimit -f)", RLIMIT_FSIZE,
                     "raise it: the memory that the processes of a session share are files, too");
    case EPERM:
    case ENOSYS:
      return "; it was refused: the kernel may be too old, or a seccomp profile of the container "
             "does not know the call (update the container runtime, or run with "
             "seccomp=unconfined)";
    default:
      return {};
  }
}

std::string with_limit(const std::exception& error) {
  const auto* const failed = dynamic_cast<const std::system_error*>(&error);
  if (failed != nullptr) return error.what() + limit_behind(failed->code().value());
  const bool memory = dynamic_cast<const std::bad_alloc*>(&error) != nullptr;
  return error.what() + (memory ? limit_behind(ENOMEM) : std::string());
}

}  // namespace manta::base
