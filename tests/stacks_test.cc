// What the stacks of crashes and exceptions say: the user's functions with file and line, and what happened.
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <dlfcn.h>
#include <future>
#include <source_location>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#undef NDEBUG  // one of its programs fails an assertion
#include <cassert>

#include <gmock/gmock.h>

#include "../base/sanitizers.h"
#include "cluster_fixture.h"
#include "user_library.h"

#if defined(__x86_64__)
// The function before it ends with a call, so that a return address would be taken for this one's start.
__asm__(
    ".text\n"
    ".type function_before, @function\n"
    "function_before:\n nop\n call abort\n"
    ".size function_before, . - function_before\n"
    ".globl faults_at_once\n"
    ".type faults_at_once, @function\n"
    "faults_at_once:\n .cfi_startproc\n ud2\n .cfi_endproc\n"
    ".size faults_at_once, . - faults_at_once\n");
extern "C" void faults_at_once();
#endif

namespace manta::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

const int* volatile nowhere = nullptr;
volatile int zero = 0;

int read_nowhere(int up) {
  const int here = *nowhere;
  return here + up;
}
constexpr int kLineOfRead = std::source_location::current().line() - 3;

int calls_it(int up) { return read_nowhere(up) + 1; }
constexpr int kLineOfCall = std::source_location::current().line() - 1;

std::string at_line(int line) { return "stacks_test.cc:" + std::to_string(line); }

#pragma GCC diagnostic push
#ifndef __clang__
#pragma GCC diagnostic ignored "-Winfinite-recursion"
#endif
int recurse(volatile int* up) {  // NOLINT(clang-diagnostic-infinite-recursion)
  volatile int frame[256] = {};
  frame[0] = *up + 1;
  return recurse(frame) + frame[0];
}
#pragma GCC diagnostic pop

int overflow_here() {
  volatile int start = 0;
  return recurse(&start);
}
int overflow_in_a_thread() {
  std::thread([] { overflow_here(); }).join();
  return 0;
}

class Stacks : public ClusterTest {
 protected:
  void SetUp() override {
#ifdef MANTA_SANITIZED
    GTEST_SKIP() << "sanitizers print reports of their own";
#endif
    ClusterTest::SetUp();
    open({.cpus = 1});
  }
};

template <class F, class... A>
WorkerCrashed crash_of(F function, A... args) {
  try {
    (void)get(remote(function, {.max_retries = 0})(args...));
  } catch (const WorkerCrashed& error) {
    return error;
  }
  throw std::logic_error("it lived");
}

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

TEST_F(Stacks, TheUsersFunctionsComeFirstWithFileAndLine) {
  const auto error = crash_of(calls_it, 1);
  const std::string stack = error.stack();
  EXPECT_THAT(first_line(stack), AllOf(HasSubstr("read_nowhere"), HasSubstr(at_line(kLineOfRead))));
  EXPECT_THAT(stack, AllOf(HasSubstr("calls_it"), HasSubstr(at_line(kLineOfCall))));
  EXPECT_THAT(stack, AllOf(HasSubstr(" frames of manta"), Not(HasSubstr("manta::detail"))));
  EXPECT_THAT(error.what(), HasSubstr("signal 11, SIGSEGV (Segmentation fault) at address 0x0"));
  EXPECT_THAT(error.what(), HasSubstr(stack));
}

TEST_F(Stacks, WhatTheUserCalledIsNamedBehindHisFunction) {
  const auto aborted = crash_of([] { std::abort(); });
  EXPECT_THAT(first_line(aborted.stack()),
              AllOf(HasSubstr("stacks_test.cc:"), HasSubstr("(in abort of libc.so.6)")));
  EXPECT_THAT(aborted.what(), HasSubstr("SIGABRT"));

  const auto terminated =
      crash_of([] { std::thread([] { throw std::runtime_error("not caught"); }).join(); });
  EXPECT_THAT(first_line(terminated.stack()), HasSubstr("stacks_test.cc:"));
  EXPECT_THAT(first_line(terminated.stack()), HasSubstr("(in throw)"));
  EXPECT_THAT(terminated.stack(), Not(HasSubstr("invoke")));
  EXPECT_THAT(terminated.what(), HasSubstr("not caught"));

  const auto failed = crash_of([] { assert(1 == 2); });
  EXPECT_THAT(failed.what(), HasSubstr("1 == 2"));

  const auto sorted = crash_of([] {
    int numbers[] = {2, 1};
    std::qsort(numbers, 2, sizeof(int), [](const void*, const void*) { return *nowhere; });
  });
  EXPECT_THAT(sorted.stack(), HasSubstr("qsort"));
  EXPECT_THAT(sorted.stack(), HasSubstr("libc.so.6"));
}

TEST_F(Stacks, LibrariesHaveTheirNames) {
  const auto in_library = crash_of([] { return user::read_through(nowhere); });
  EXPECT_THAT(first_line(in_library.stack()),
              AllOf(HasSubstr("user::read_through at"), HasSubstr("user_library.cc:"),
                    HasSubstr(" in libuser_library.so")));
  EXPECT_THAT(in_library.stack(), HasSubstr("stacks_test.cc:"));

  const auto in_plugin = crash_of([] {  // no other process has loaded it
    void* const plugin = ::dlopen(PLUGIN, RTLD_NOW);
    using Read = int (*)(const int*);
    return reinterpret_cast<Read>(::dlsym(plugin, "plugin_read_through"))(nowhere) + 1;
  });
  EXPECT_THAT(first_line(in_plugin.stack()),
              AllOf(HasSubstr("plugin_read_through at"), HasSubstr("plugin.cc:"),
                    HasSubstr(" in libplugin.so")));
  EXPECT_THAT(in_plugin.stack(), Not(HasSubstr("shared library")));
}

TEST_F(Stacks, AnOverflowOfTheStackSaysSo) {
  const auto error = crash_of(overflow_here);
  EXPECT_THAT(error.what(), HasSubstr("stack overflow: the stack of "));
  EXPECT_THAT(first_line(error.stack()), HasSubstr("recurse"));
  EXPECT_THAT(error.stack(), HasSubstr(" more of it"));
  EXPECT_THAT(crash_of(calls_it, 1).what(), Not(HasSubstr("stack overflow")));
}

TEST_F(Stacks, AnOverflowInAThreadOfTheTaskSaysSo) {
  const auto in_thread = crash_of(overflow_in_a_thread);
  EXPECT_THAT(in_thread.what(), HasSubstr("stack overflow: the stack of "));
  EXPECT_THAT(first_line(in_thread.stack()), HasSubstr("recurse"));
  const auto by_async =
      crash_of([] { return std::async(std::launch::async, overflow_here).get(); });
  EXPECT_THAT(by_async.what(), HasSubstr("stack overflow: the stack of "));
  EXPECT_THAT(first_line(by_async.stack()), HasSubstr("recurse"));
}

TEST_F(Stacks, OfThreadsThatCrashAtTheSameTimeOneIsTold) {
  for (int i = 0; i < 5; ++i) {
    const auto error = crash_of([] {
      std::vector<std::thread> threads;
      for (int n = 0; n < 16; ++n) threads.emplace_back([] { (void)read_nowhere(1); });
      for (std::thread& thread : threads) thread.join();
    });
    EXPECT_THAT(first_line(error.stack()), HasSubstr(at_line(kLineOfRead)));
  }
}

TEST_F(Stacks, ACrashInAThreadOfTheTaskHasAStack) {
  const auto error = crash_of([] { std::thread([] { (void)read_nowhere(1); }).join(); });
  EXPECT_THAT(first_line(error.stack()), HasSubstr(at_line(kLineOfRead)));
}

#if defined(__x86_64__)
TEST_F(Stacks, AFaultAtTheFirstInstructionIsInThatFunction) {
  const auto error = crash_of([] { faults_at_once(); });
  EXPECT_THAT(first_line(error.stack()), HasSubstr("faults_at_once"));
  EXPECT_THAT(error.stack(), Not(HasSubstr("function_before")));
  EXPECT_THAT(error.what(), HasSubstr("SIGILL"));
}
#endif

int call_nothing(std::uintptr_t address) {
  const auto function = reinterpret_cast<int (*)(int)>(address);
  return function(1) + 1;
}
constexpr int kLineOfNothing = std::source_location::current().line() - 2;

TEST_F(Stacks, ACallThroughAWildPointerNamesTheCaller) {
  static int data[4] = {};
  constexpr std::uintptr_t kNoMapping = 0x7000dead0000;
  for (const std::uintptr_t address :
       {std::uintptr_t{0}, kNoMapping, reinterpret_cast<std::uintptr_t>(data)}) {
    const auto error = crash_of(call_nothing, address);
    EXPECT_THAT(first_line(error.stack()), HasSubstr("no code is there"));
    EXPECT_THAT(error.stack(), AllOf(HasSubstr("call_nothing at "), HasSubstr(" frames of manta")));
  }
#if defined(__x86_64__)
  const auto garbage = crash_of(call_nothing, std::uintptr_t{0x1234567812345678});
  EXPECT_THAT(first_line(garbage.stack()), HasSubstr(at_line(kLineOfNothing)));
  EXPECT_THAT(garbage.what(),
              HasSubstr("SIGSEGV (Segmentation fault): at an address that no memory"));
#endif
}

TEST_F(Stacks, AnOverwrittenStackStillSaysWhere) {
  const auto error = crash_of([] {
    volatile char* const stack = static_cast<char*>(__builtin_frame_address(0));
    for (int i = 0; i < 400; ++i) stack[i] = 0x55;
  });
  EXPECT_THAT(first_line(error.stack()), HasSubstr("stacks_test.cc:"));
}

struct Fragile {
  explicit Fragile(int value) : value_(value) {
    if (value < 0) (void)read_nowhere(1);
  }
  int divide(int by) const { return value_ / by; }
  int value_;
};

TEST_F(Stacks, OfActorsToo) {
  try {
    get(actor<Fragile>(-1).call(&Fragile::divide, 1));
    FAIL();
  } catch (const ActorDied& error) {
    EXPECT_THAT(error.what(),
                AllOf(HasSubstr(at_line(kLineOfRead)), HasSubstr("Fragile::Fragile at ")));
  }
  try {
    get(actor<Fragile>(7).call(&Fragile::divide, 0));
    FAIL();
  } catch (const ActorDied& error) {
    EXPECT_THAT(error.what(), AllOf(HasSubstr("SIGFPE"), HasSubstr("Fragile::divide at ")));
  }
}

template <class T>
std::vector<T> first_of(const T* from) {  // its symbol begins with the type that it returns
  return {*from};
}

TEST_F(Stacks, AFunctionThatReturnsAStandardTypeIsTheUsers) {
  const auto error = crash_of([] { return first_of<int>(nowhere).size(); });
  EXPECT_THAT(first_line(error.stack()), HasSubstr("first_of<int> at "));
  EXPECT_THAT(first_line(error.stack()), Not(HasSubstr("std::vector")));
}

TEST_F(Stacks, SignalsSayWhatTheyAre) {
  const auto divided = crash_of([] { return 7 / zero; });
  EXPECT_THAT(divided.what(), AllOf(HasSubstr("SIGFPE"), HasSubstr("integer division by zero")));
  EXPECT_THAT(crash_of([] { ::raise(SIGKILL); }).what(), HasSubstr("signal 9, SIGKILL (Killed)"));
  EXPECT_THAT(crash_of([] { ::raise(SIGSYS); }).stack(), HasSubstr("stacks_test.cc:"));
  EXPECT_THAT(crash_of([] { __builtin_trap(); }).what(), HasSubstr("SIGILL"));
}

// ---- exceptions

int throw_here(int value) {
  if (value > 0) throw std::invalid_argument("no");
  return value;
}
constexpr int kLineOfThrow = std::source_location::current().line() - 3;
int calls_thrower(int value) { return throw_here(value) + 1; }

TEST_F(Stacks, OfAnExceptionTheUsersFunctionsComeFirst) {
  for (int i = 0; i < 2; ++i) {
    try {
      get(remote(calls_thrower)(1));
      FAIL();
    } catch (const TaskError& error) {
      EXPECT_THAT(first_line(error.stack()),
                  AllOf(HasSubstr("throw_here at "), HasSubstr(at_line(kLineOfThrow))));
      EXPECT_THAT(error.stack(), HasSubstr("calls_thrower at "));
      EXPECT_THAT(error.what(), HasSubstr(error.stack()));
    }
  }
}

TEST_F(Stacks, OfAnExceptionThatIsThrownAgainTheFirstPlaceIsTold) {
  const auto throws_again = [](int value) {
    try {
      return throw_here(value);
    } catch (...) {
      throw;
    }
  };
  try {
    get(remote(throws_again)(1));
    FAIL();
  } catch (const TaskError& error) {
    EXPECT_THAT(first_line(error.stack()), HasSubstr(at_line(kLineOfThrow)));
  }
}

TEST_F(Stacks, OfAnExceptionOfTheLibraryTheUsersCallIsFirst) {
  try {
    get(remote([] { return std::vector<int>().at(3); })());
    FAIL();
  } catch (const TaskError& error) {
    EXPECT_THAT(first_line(error.stack()), AllOf(HasSubstr("stacks_test.cc:"), HasSubstr("(in ")));
  }
}

TEST_F(Stacks, ThroughAnotherTaskTheStackIsTheSame) {
  try {
    get(remote([] { return get(remote(calls_thrower)(1)); })());
    FAIL();
  } catch (const TaskError& error) {
    EXPECT_THAT(first_line(error.stack()), HasSubstr(at_line(kLineOfThrow)));
  }
}

// ---- writes to arrays

void write_to(const Array<int>& array) { const_cast<int*>(array.data())[0] = 1; }
int write_in_a_thread(const Array<int>& array) {
  std::thread([&] { write_to(array); }).join();
  return 0;
}
int write_by_async(const Array<int>& array) {
  std::async(std::launch::async, [&] { write_to(array); }).get();
  return 0;
}

TEST_F(Stacks, AWriteInAThreadOfTheTaskNamesTheTask) {
  using Writer = int (*)(const Array<int>&);
  const std::vector<std::pair<Writer, std::string>> writers{
      {write_in_a_thread, "write_in_a_thread"}, {write_by_async, "write_by_async"}};
  for (const auto& [writer, name] : writers) {
    try {
      get(remote(writer)(arange<int>(100'000)));
      FAIL();
    } catch (const TaskErrorOf<ReadOnlyWrite>& error) {
      EXPECT_THAT(error.what(), AllOf(HasSubstr(name), Not(HasSubstr("in main"))));
      EXPECT_THAT(first_line(error.stack()), HasSubstr("write_to at "));
    }
  }
}

}  // namespace
}  // namespace manta::testing
