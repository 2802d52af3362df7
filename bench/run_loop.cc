#include "run_loop.h"

#include <cmath>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <exception>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

namespace manta::bench {
namespace {

constexpr int kLimitMilliseconds = 90'000;
constexpr int kSmokeLimitMilliseconds = 15'000;

struct Answer {
  Measured measured;
  char error[400] = {};
};

// With exit(), not _exit(): what the library does at the end of a process is part of the loop.
[[noreturn]] void child(const Loop& loop, const Run& run, int answer_fd) {
  Answer answer;
  try {
    answer.measured = loop.run(run);
  } catch (const std::exception& error) {
    std::snprintf(answer.error, sizeof answer.error, "%s", error.what());
  }
  const bool written = write(answer_fd, &answer, sizeof answer) == sizeof answer;
  std::exit(written ? 0 : 1);
}

std::string describe(int status) {
  if (WIFSIGNALED(status)) return std::string("killed by ") + strsignal(WTERMSIG(status));
  return "exit status " + std::to_string(WEXITSTATUS(status));
}

}  // namespace

Outcome run_in_child(const Loop& loop, const Run& run) {
  Outcome outcome{&loop, {}, {}};
  int ends[2];
  if (pipe(ends) != 0) return {&loop, {}, "no pipe"};
  std::fflush(nullptr);
  const pid_t pid = fork();
  if (pid < 0) return {&loop, {}, "no process"};
  if (pid == 0) {
    close(ends[0]);
    child(loop, run, ends[1]);
  }
  close(ends[1]);
  pollfd wait{ends[0], POLLIN, 0};
  const int limit = run.effort == Effort::kSmoke ? kSmokeLimitMilliseconds : kLimitMilliseconds;
  const bool in_time = poll(&wait, 1, limit) == 1;
  if (!in_time) kill(pid, SIGKILL);
  Answer answer;
  const bool answered = read(ends[0], &answer, sizeof answer) == sizeof answer;
  close(ends[0]);
  int status = 0;
  waitpid(pid, &status, 0);
  if (!in_time) {
    outcome.error = "not done after " + std::to_string(limit / 1000) + " s";
  } else if (!answered || status != 0) {
    outcome.error = describe(status);
  } else if (answer.error[0] != 0) {
    outcome.error = answer.error;
  } else if (std::isnan(answer.measured.value)) {
    outcome.error = "a wrong result";
  }
  if (outcome.error.empty()) outcome.measured = answer.measured;
  return outcome;
}

}  // namespace manta::bench
