// In the order of what happens in the child: descriptors, signals, the program. spawn() itself, at the end, prepares
// all of it in the parent, because the child may not allocate.
#include "spawn.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "signals_blocked.h"
#include "start_affinity.h"

// The functions marked MANTA_IN_CHILD run in the memory of the parent: they do not allocate, take no lock, are not
// instrumented and make system calls only. The child ends in _exit or exec.
#define MANTA_IN_CHILD __attribute__((no_sanitize("address", "thread", "undefined")))

// clone() by the name that no sanitizer intercepts: a sanitizer's own takes the child for a forked copy.
extern "C" int __clone(int (*function)(void*), void* stack, int flags, void* argument, ...);

namespace manta::base {
namespace {

constexpr std::size_t kStackBytes = 32 * 1024;

struct Launch {
  const SpawnOptions* options;
  const InheritedFd* descriptors;
  std::size_t descriptor_count;
  int first_free;  // the first number above all those that the child gets
  pid_t parent;
  std::byte* inner_stack_top;
  const Affinity* affinity;
  pid_t child;  // with kOrphan: the process id of the program
  int error;
};

// All are moved out of the way first, so that no target overwrites a source that is still needed.
MANTA_IN_CHILD bool place_descriptors(Launch& launch) {
  constexpr std::size_t kMax = 32;
  int moved[kMax];
  if (launch.descriptor_count > kMax) return errno = E2BIG, false;
  for (std::size_t i = 0; i < launch.descriptor_count; ++i) {
    moved[i] = static_cast<int>(
        syscall(SYS_fcntl, launch.descriptors[i].ours, F_DUPFD_CLOEXEC, launch.first_free));
    if (moved[i] < 0) return false;
  }
  for (std::size_t i = 0; i < launch.descriptor_count; ++i) {
    if (syscall(SYS_dup3, moved[i], launch.descriptors[i].theirs, 0) < 0) return false;
  }
  return true;
}

// One by one where the kernel does not know close_range (before Linux 5.11).
MANTA_IN_CHILD void close_at_exec(int first, int last) {
  if (first > last || syscall(SYS_close_range, first, last, CLOSE_RANGE_CLOEXEC) == 0) return;
  for (int fd = first; fd <= last && fd < 65536; ++fd) syscall(SYS_fcntl, fd, F_SETFD, FD_CLOEXEC);
}

MANTA_IN_CHILD void close_others(const Launch& launch) {
  int next = 0;  // the list is sorted by number
  for (std::size_t i = 0; i < launch.descriptor_count; ++i) {
    close_at_exec(next, launch.descriptors[i].theirs - 1);
    next = launch.descriptors[i].theirs + 1;
  }
  close_at_exec(next, 0x7fffffff);
}

struct KernelSigaction {  // the layout of the system call, which is not that of the C library
  void (*handler)(int);
  unsigned long flags;
  void (*restorer)();
  std::uint64_t mask;
};

// Handlers of the parent mean nothing in the program; what the parent ignores stays ignored.
MANTA_IN_CHILD void reset_signals(const SpawnOptions& options) {
  for (int signal = 1; signal < NSIG; ++signal) {
    KernelSigaction action;
    if (syscall(SYS_rt_sigaction, signal, nullptr, &action, sizeof action.mask) != 0) continue;
    const bool ignore = signal == SIGINT && options.ignore_interrupt;
    if (!ignore && (action.handler == SIG_IGN || action.handler == SIG_DFL)) continue;
    action = {.handler = ignore ? SIG_IGN : SIG_DFL, .flags = 0, .restorer = nullptr, .mask = 0};
    syscall(SYS_rt_sigaction, signal, &action, nullptr, sizeof action.mask);
  }
  const std::uint64_t none = 0;
  syscall(SYS_rt_sigprocmask, SIG_SETMASK, &none, nullptr, sizeof none);
}

MANTA_IN_CHILD int fail(Launch& launch) {
  launch.error = errno;
  _exit(127);
}

MANTA_IN_CHILD int run_program(void* argument) {
  Launch& launch = *static_cast<Launch*>(argument);
  const SpawnOptions& options = *launch.options;
  if (options.parenthood == Parenthood::kChild) {
    syscall(SYS_prctl, PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    if (syscall(SYS_getppid) != launch.parent) {
      _exit(127);  // the parent died before we asked for the signal
    }
  }
  if (options.new_session) syscall(SYS_setsid);
  if (options.working_directory >= 0 && syscall(SYS_fchdir, options.working_directory) != 0) {
    return fail(launch);
  }
  const int program =
      static_cast<int>(syscall(SYS_fcntl, options.program, F_DUPFD_CLOEXEC, launch.first_free));
  if (program < 0 || !place_descriptors(launch)) return fail(launch);
  close_others(launch);
  reset_signals(options);
  if (launch.affinity->bytes != 0) {  // else the program has the cores of the calling thread
    syscall(SYS_sched_setaffinity, 0, launch.affinity->bytes, launch.affinity->mask);
  }
  syscall(SYS_execveat, program, "", options.argv, options.envp, AT_EMPTY_PATH);
  return fail(launch);
}

// With kOrphan: starts the program and ends at once, so that the program is nobody's child here.
MANTA_IN_CHILD int run_between(void* argument) {
  Launch& launch = *static_cast<Launch*>(argument);
  launch.child =
      __clone(run_program, launch.inner_stack_top, CLONE_VM | CLONE_VFORK | SIGCHLD, &launch);
  if (launch.child < 0) return fail(launch);
  _exit(launch.error == 0 ? 0 : 127);
}

struct Stacks {
  void* memory = mmap(nullptr, 2 * kStackBytes, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
  ~Stacks() {
    if (memory != MAP_FAILED) munmap(memory, 2 * kStackBytes);
  }
  std::byte* top(int i) {
    return static_cast<std::byte*>(memory) + static_cast<std::size_t>(i + 1) * kStackBytes;
  }
};

}  // namespace

Result<pid_t, SpawnError> spawn(const SpawnOptions& options) {
  std::vector<InheritedFd> descriptors = options.descriptors;
  std::ranges::sort(descriptors, {}, &InheritedFd::theirs);
  Stacks stacks;
  if (stacks.memory == MAP_FAILED) return SpawnError{errno};
  Launch launch{.options = &options,
                .descriptors = descriptors.data(),
                .descriptor_count = descriptors.size(),
                .first_free = descriptors.empty() ? 3 : std::max(3, descriptors.back().theirs + 1),
                .parent = getpid(),
                .inner_stack_top = stacks.top(1),
                .affinity = &start_affinity(),
                .child = 0,
                .error = 0};
  const bool orphan = options.parenthood == Parenthood::kOrphan;
  const SignalsBlocked blocked;  // no handler of ours may run in the child, which shares our memory
  const pid_t pid = __clone(orphan ? run_between : run_program, stacks.top(0),
                            CLONE_VM | CLONE_VFORK | SIGCHLD, &launch);
  if (pid < 0) return SpawnError{errno};
  if (orphan || launch.error != 0) {
    int status = 0;  // somebody else's waitpid(-1) may have been faster
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
  }
  if (launch.error != 0) return SpawnError{launch.error};
  return orphan ? launch.child : pid;
}

}  // namespace manta::base
