// A driver that meets a fault from outside, run by driver_faults_test.
//
//   faults_program MODE [ARGUMENT]     says what it finds on descriptor 9, if that is open, else on standard output
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <fcntl.h>
#include <filesystem>
#include <string>
#include <string_view>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>
#include <vector>

#include <manta/manta.h>

#include "../base/sanitizers.h"

// With FAULTS_PROGRAM_CLOCK in the environment the time of day jumps by hours, to and fro, each time it is asked for:
// in all processes of the session, the C library's callers included.
#ifndef MANTA_SANITIZED  // they have such functions of their own
namespace {
std::atomic<int> times_asked = 0;
std::time_t jump() {
  static const bool jumps = std::getenv("FAULTS_PROGRAM_CLOCK") != nullptr;
  if (!jumps) return 0;
  const int i = times_asked.fetch_add(1);
  return (i % 2 == 0 ? 1 : -1) * (i % 7) * 3600;
}
}  // namespace

extern "C" int clock_gettime(clockid_t clock, timespec* time) noexcept {
  const long result = ::syscall(SYS_clock_gettime, clock, time);
  if (result == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) {
    time->tv_sec += jump();
  }
  return static_cast<int>(result);
}
extern "C" std::time_t time(std::time_t* result) noexcept {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  if (result != nullptr) *result = now.tv_sec;
  return now.tv_sec;
}
extern "C" int gettimeofday(timeval* result, void*) noexcept {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  *result = {.tv_sec = now.tv_sec, .tv_usec = now.tv_nsec / 1000};
  return 0;
}
#endif

namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

std::FILE* report = stdout;

void say(const char* what, const std::string& value) {
  std::fprintf(report, "%s: %s\n", what, value.c_str());
  std::fflush(report);
}

int add(int a, int b) { return a + b; }
int parent_pid() { return ::getppid(); }
int pid() { return ::getpid(); }
int for_ever() {
  for (;;) ::pause();
}
int print_much(int lines) {
  for (int i = 0; i < lines; ++i) std::printf("line %d of a task that prints much %0200d\n", i, 0);
  return lines;
}

std::string sum_of_calls() {
  std::vector<manta::ObjectRef<int>> refs;
  for (int i = 0; i < 100; ++i) refs.push_back(manta::remote(add)(i, 1));
  int sum = 0;
  for (const int each : manta::get(refs)) sum += each;
  return std::to_string(sum);
}

void say_processes(manta::Session& session) {
  say("node", std::to_string(manta::get(manta::remote(parent_pid)())));
  say("worker", std::to_string(manta::get(manta::remote(pid)())));
  say("directory", session.directory().string());
}

// Ctrl-C as programs often take it: the first asks the program to end, the second ends it.
std::atomic<int> interrupts = 0;
int take_interrupts() {
  std::signal(SIGINT, [](int) {
    if (interrupts.fetch_add(1) != 0) ::_exit(130);
  });
  say("ready", "yes");
  while (interrupts.load() == 0) ::usleep(1000);
  say("asked to end", sum_of_calls());
  const auto ref = manta::remote(for_ever)();
  return manta::get(ref);
}

int wait_for_ever() {
  const auto ref = manta::remote(for_ever)();
  say("ready", "yes");
  return manta::get(ref);
}

// Until what is printed goes nowhere; then it goes on as if nothing had happened.
int go_on_without_terminal() {
  std::signal(SIGHUP, SIG_IGN);
  say("ready", "yes");
  while (::write(1, ".", 1) == 1) ::usleep(1000);
  say("printed", std::to_string(manta::get(manta::remote(print_much)(10'000))));
  say("sum", sum_of_calls());
  return 0;
}

int print_to_nobody(bool ignore) {
  if (ignore) std::signal(SIGPIPE, SIG_IGN);
  say("ready", "yes");
  say("printed", std::to_string(manta::get(manta::remote(print_much)(10'000))));
  say("sum", sum_of_calls());
  return 0;
}

template <class E>
std::string takes(const char* what, const auto& call) {
  const auto begin = std::chrono::steady_clock::now();
  try {
    call();
    return std::string(what) + " did not end";
  } catch (const E&) {
    return std::chrono::steady_clock::now() - begin < 60s ? "in time" : "too late";
  }
}

int with_a_clock_that_jumps() {
  const std::time_t first = std::time(nullptr), second = std::time(nullptr),
                    third = std::time(nullptr);
  say("jumps", std::to_string(second - first) + " " + std::to_string(third - second));
  say("sum", sum_of_calls());
  say("timeout", takes<manta::GetTimeout>("get", [] {
        const auto ref = manta::remote(for_ever)();
        try {
          manta::get(ref, 100ms);
        } catch (...) {
          manta::cancel(ref, {.force = true});
          throw;
        }
      }));
  say("deadline", takes<manta::DeadlineExceeded>("a call", [] {
        manta::get(manta::remote(for_ever, manta::TaskOptions{.deadline = 100ms})());
      }));
  int kept = 0;
  for (int i = 0; i < 100; ++i) {
    kept += manta::get(manta::remote(add, manta::TaskOptions{.deadline = 10min})(1, 0), 10min);
  }
  say("kept", std::to_string(kept));
  return 0;
}

// The worker's program, a copy of this one, cannot be executed any more, and then it can.
int without_permission(const fs::path& program) {
  const auto kill_worker = [] {
    try {
      manta::get(manta::remote([] { return ::raise(SIGKILL); }, {.max_retries = 0})());
    } catch (const manta::WorkerCrashed&) {
    }
  };
  say("before", std::to_string(manta::get(manta::remote(add)(1, 2))));
  fs::permissions(program, fs::perms::owner_read);
  try {
    for (;;) kill_worker();  // until none is left
  } catch (const manta::WorkerStartFailed& error) {
    say("start", error.what());
  }
  std::vector<manta::ObjectRef<int>> refs;
  for (int i = 0; i < 10; ++i) refs.push_back(manta::remote(add)(i, i));
  int failed = 0;
  for (const auto& ref : refs) {
    try {
      manta::get(ref);
    } catch (const manta::WorkerStartFailed&) {
      ++failed;
    }
  }
  say("failed", std::to_string(failed));
  fs::permissions(program, fs::perms::owner_all);
  for (bool works = false; !works;) {  // a refusal may still be on its way
    try {
      say("after", std::to_string(manta::get(manta::remote(add)(3, 4))));
      works = true;
    } catch (const manta::WorkerStartFailed&) {
    }
  }
  return 0;
}

int run(std::string_view mode, const std::string& argument) {
  manta::InitOptions options{.cpus = 1, .object_store_bytes = 64 << 20};
  if (mode == "no-permission") options.worker.path = argument;
  auto session = manta::init(options);
  say_processes(session);
  if (mode == "interrupts") return take_interrupts();
  if (mode == "wait") return wait_for_ever();
  if (mode == "terminal") return go_on_without_terminal();
  if (mode == "reader") return print_to_nobody(false);
  if (mode == "reader-ignored") return print_to_nobody(true);
  if (mode == "clock") return with_a_clock_that_jumps();
  if (mode == "no-permission") return without_permission(argument);
  if (mode == "close-all") {
    ::syscall(SYS_close_range, 3, 8, 0);
    ::syscall(SYS_close_range, 10, ~0U, 0);
    say("sum", takes<manta::NodeDied>("a call", [] {
          for (;;) (void)sum_of_calls();
        }));
    return 0;
  }
  return 2;
}

}  // namespace

int main(int argc, char** argv) {
  if (::fcntl(9, F_GETFD) >= 0) report = ::fdopen(9, "w");
  try {
    return run(argc > 1 ? argv[1] : "", argc > 2 ? argv[2] : "");
  } catch (const manta::Error& error) {
    say("failed", error.what());
    return 4;
  }
}
