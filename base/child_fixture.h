// For tests of signals: a forked child, what it says, and how it ends; and a stack for signals that is too small.
#pragma once
#include <csignal>
#include <cstddef>
#include <cstdlib>
#include <functional>
#include <string>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

namespace manta::base {

struct Ended {
  std::string said;
  int status = 0;
  int signal() const { return WIFSIGNALED(status) ? WTERMSIG(status) : 0; }
  int code() const { return WIFEXITED(status) ? WEXITSTATUS(status) : -1; }
};

// Runs `body(says)` in a child: what it writes to this descriptor, until it ends, was said.
inline Ended child_that(const std::function<void(int says)>& body) {
  int ends[2];
  if (::pipe(ends) != 0) std::abort();
  const pid_t pid = ::fork();
  if (pid == 0) {
    body(ends[1]);
    ::_exit(0);
  }
  ::close(ends[1]);
  Ended ended;
  for (char c; ::read(ends[0], &c, 1) == 1;) ended.said += c;
  ::close(ends[0]);
  ::waitpid(pid, &ended.status, 0);
  return ended;
}

// This thread's alternate signal stack has so many bytes from now on, with nothing below.
inline void take_small_signal_stack(std::size_t size) {
  constexpr std::size_t kGuard = 1 << 20;
  char* const memory = static_cast<char*>(
      ::mmap(nullptr, kGuard + size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
  ::mprotect(memory + kGuard, size, PROT_READ | PROT_WRITE);
  stack_t stack = {};
  stack.ss_sp = memory + kGuard;
  stack.ss_size = size;
  ::sigaltstack(&stack, nullptr);
}

}  // namespace manta::base
