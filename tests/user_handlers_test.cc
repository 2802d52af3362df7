// Handlers of signals that this program has of its own, from before main and later ones, in workers, in the driver and
// in a local session: one that recovers or mends, crash reporters, and faulthandler of Python.
#include <csetjmp>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <dlfcn.h>
#include <functional>
#include <string>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gmock/gmock.h>

#include "../base/child_fixture.h"
#include "../base/sanitizers.h"
#include "cluster_fixture.h"

namespace manta::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

// Volatile, since only the handler reads them.
thread_local sigjmp_buf* volatile way_back = nullptr;
thread_local char* volatile page_to_mend = nullptr;
bool on_start_ran = false;
bool old_is_shown = false;

void print(const char* text) {
  [[maybe_unused]] const auto written = ::write(2, text, __builtin_strlen(text));
}

// Recovers where this program said that it would, else reports once.
void on_fault(int signal, siginfo_t* info, void*) {
  if (page_to_mend != nullptr && info->si_addr == page_to_mend) {
    ::mprotect(page_to_mend, 4096, PROT_READ | PROT_WRITE);
    return;
  }
  if (way_back != nullptr) ::siglongjmp(*way_back, 1);
  print("the program's own reporter\n");
  ::signal(signal, SIG_DFL);
  if (info->si_code <= 0) ::raise(signal);
}

struct sigaction action_of(void (*handler)(int, siginfo_t*, void*)) {
  struct sigaction action = {};
  action.sa_sigaction = handler;
  action.sa_flags = SA_SIGINFO;
  return action;
}

// As libraries do that are initialized with the program.
bool install() {
  const struct sigaction action = action_of(on_fault);
  for (const int signal : {SIGSEGV, SIGFPE, SIGABRT}) ::sigaction(signal, &action, nullptr);
  return true;
}
const bool installed = install();

// Another one, which comes later and goes on to the first.
struct sigaction before_start = {};
void on_fault_since_start(int signal, siginfo_t* info, void* context) {
  before_start.sa_sigaction(signal, info, context);
}
const OnStart later{[] {
  const struct sigaction action = action_of(on_fault_since_start);
  ::sigaction(SIGSEGV, &action, &before_start);
  old_is_shown = before_start.sa_sigaction == on_fault;
  on_start_ran = true;
}};

volatile int* volatile nowhere = nullptr;

[[gnu::noinline]] int crash_here() {
  *nowhere = 1;
  return 0;
}

[[gnu::noinline]] bool recovers() {
  sigjmp_buf here;
  if (sigsetjmp(here, 1) == 0) {
    way_back = &here;
    crash_here();
  }
  way_back = nullptr;
  sigset_t mask;
  ::pthread_sigmask(SIG_SETMASK, nullptr, &mask);
  return ::sigismember(&mask, SIGSEGV) == 0;
}

bool mends() {
  void* const page = ::mmap(nullptr, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  page_to_mend = static_cast<char*>(page);
  *static_cast<volatile char*>(page_to_mend) = 'x';
  const bool mended = *page_to_mend == 'x';
  page_to_mend = nullptr;
  ::munmap(page, 4096);
  return mended;
}

int scribble(const Array<char>& array) {
  *const_cast<volatile char*>(array.data()) = 1;
  return 0;
}

class UserHandlers : public ClusterTest {
 protected:
  void SetUp() override {
#ifdef MANTA_SANITIZED
    GTEST_SKIP() << "sanitizers have handlers, and a sigaction(), of their own";
#endif
    ClusterTest::SetUp();
    open({.cpus = 1});
  }
};

std::string message_of(const ObjectRef<int>& ref) {
  try {
    get(ref);
    return "no error";
  } catch (const WorkerCrashed& error) {
    return error.what();
  }
}

TEST_F(UserHandlers, FromBeforeMainTheyRecoverInAWorker) {
  const auto all = remote([] {
    int recovered = 0;
    for (int i = 0; i < 10; ++i) recovered += recovers() && mends() ? 1 : 0;
    return recovered;
  });
  EXPECT_EQ(get(all()), 10);
}

TEST_F(UserHandlers, TheyRecoverInTheDriverWhileASessionIsOpen) {
  EXPECT_TRUE(recovers());
  EXPECT_TRUE(mends());
  EXPECT_EQ(get(remote([](int x) { return x; })(3)), 3);
}

TEST_F(UserHandlers, ACrashReporterIsCalledAndTheErrorStillHasTheStackOfTheCrash) {
  const auto error = message_of(remote(crash_here, {.max_retries = 0})());
  EXPECT_THAT(error, AllOf(HasSubstr("SIGSEGV"), HasSubstr("crash_here"),
                           HasSubstr("the program's own reporter")));
  const auto abort_here = [] { return std::abort(), 0; };
  EXPECT_THAT(message_of(remote(abort_here, {.max_retries = 0})()),
              AllOf(HasSubstr("SIGABRT"), HasSubstr("the program's own reporter")));
}

TEST_F(UserHandlers, OneInstalledByOnStartIsNextAndDoesNotHideReadOnlyWrites) {
  EXPECT_TRUE(get(remote([] { return on_start_ran && old_is_shown; })()));
  EXPECT_TRUE(get(remote(recovers)()));
  const Array<char> array = full<char>(1 << 20, 'a');
  EXPECT_THROW(get(remote(scribble)(array)), ReadOnlyWrite);
}

TEST_F(UserHandlers, OneThatATaskInstallsDoesNotHideThemEither) {
  const Array<char> array = full<char>(1 << 20, 'a');
  const auto task = [](const Array<char>& given) {
    ::signal(SIGSEGV, [](int) { ::_exit(9); });
    return scribble(given);
  };
  EXPECT_THROW(get(remote(task)(array)), ReadOnlyWrite);
}

TEST_F(UserHandlers, PythonsFaulthandlerDoesNotHideThem) {
  constexpr const char* kPython = "libpython3.11.so.1.0";
  if (::dlopen(kPython, RTLD_NOW | RTLD_GLOBAL) == nullptr) GTEST_SKIP() << "no " << kPython;
  const Array<char> array = full<char>(1 << 20, 'a');
  const auto task = [](const Array<char>& given) {
    void* const python = ::dlopen(kPython, RTLD_NOW | RTLD_GLOBAL);
    reinterpret_cast<void (*)(int)>(::dlsym(python, "Py_InitializeEx"))(0);
    const auto run = reinterpret_cast<int (*)(const char*)>(::dlsym(python, "PyRun_SimpleString"));
    if (run("import faulthandler; faulthandler.enable()") != 0) return 1;
    return scribble(given);
  };
  EXPECT_THROW(get(remote(task)(array)), ReadOnlyWrite);
  const auto crash = [] {
    void* const python = ::dlopen(kPython, RTLD_NOW | RTLD_GLOBAL);
    reinterpret_cast<void (*)(int)>(::dlsym(python, "Py_InitializeEx"))(0);
    const auto run = reinterpret_cast<int (*)(const char*)>(::dlsym(python, "PyRun_SimpleString"));
    if (run("import faulthandler; faulthandler.enable()") != 0) return 1;
    return crash_here();
  };
  EXPECT_THAT(message_of(remote(crash, {.max_retries = 0})()),
              AllOf(HasSubstr("Fatal Python error: Segmentation fault"), HasSubstr("crash_here")));
}

// What it says to standard error.
base::Ended in_child(const std::function<void()>& body) {
  return base::child_that([&](int says) {
    ::dup2(says, 2);
    body();
  });
}

TEST_F(UserHandlers, InTheDriverTheyFollowTheLineAboutAReadOnlyWrite) {
  const Array<char> array = full<char>(1 << 20, 'a');
  const base::Ended ended = in_child([&] {
    ::signal(SIGSEGV, [](int) {
      print("the handler since init\n");
      ::_exit(8);
    });
    scribble(array);
  });
  EXPECT_THAT(ended.said, AllOf(HasSubstr("assignment destination is read-only"),
                                HasSubstr("the handler since init")));
  EXPECT_EQ(ended.code(), 8);
}

int crash_on_small_signal_stack() {
  // The smallest that the kernel takes: too small for Manta's handler.
  base::take_small_signal_stack(4096);
  ::signal(SIGSEGV, SIG_DFL);
  return crash_here();
}

TEST_F(UserHandlers, ASignalStackOfTheUsersThatIsTooSmallEndsTheWorkerNevertheless) {
  EXPECT_THAT(message_of(remote(crash_on_small_signal_stack, {.max_retries = 0})()),
              HasSubstr("SIGSEGV"));
  EXPECT_TRUE(get(remote([] { return true; })()));
}

// Here a handler that a task sets, or that resets itself, is the driver's.
class UserHandlersInALocalSession : public UserHandlers {
 protected:
  void SetUp() override {
    ::setenv("MANTA_LOCAL", "1", 1);
    install();
    UserHandlers::SetUp();
  }
  void TearDown() override {
    UserHandlers::TearDown();
    ::unsetenv("MANTA_LOCAL");
    install();
  }
};

bool is_the_programs(int signal) {
  struct sigaction action = {};
  ::sigaction(signal, nullptr, &action);
  return action.sa_sigaction == on_fault || action.sa_sigaction == on_fault_since_start;
}

TEST_F(UserHandlersInALocalSession, TheyRecoverInCallsAndInMain) {
  EXPECT_TRUE(recovers());
  EXPECT_TRUE(mends());
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(get(remote([] { return recovers() && mends(); })()));
  EXPECT_TRUE(is_the_programs(SIGSEGV));
  EXPECT_TRUE(is_the_programs(SIGABRT));
}

TEST_F(UserHandlersInALocalSession, AReporterIsCalledAndTheCrashEndsTheCall) {
  for (int i = 0; i < 3; ++i) {
    install();
    EXPECT_THAT(message_of(remote(crash_here, {.max_retries = 0})()), HasSubstr("SIGSEGV"));
    EXPECT_FALSE(is_the_programs(SIGSEGV)) << "it was called, and has reset itself";
    const auto abort_here = [] { return std::abort(), 0; };
    EXPECT_THAT(message_of(remote(abort_here, {.max_retries = 0})()), HasSubstr("SIGABRT"));
    EXPECT_FALSE(is_the_programs(SIGABRT));
  }
}

TEST_F(UserHandlersInALocalSession, WhoeverTakesTheDefaultOrIgnoresItHasCrashedNevertheless) {
  for (const sighandler_t handler : {SIG_DFL, SIG_IGN}) {
    const auto task = [handler] {
      ::signal(SIGSEGV, handler);
      return crash_here();
    };
    EXPECT_THAT(message_of(remote(task, {.max_retries = 0})()), HasSubstr("SIGSEGV"));
  }
  const auto returns = [] {
    ::signal(SIGABRT, [](int) {});
    return std::abort(), 0;
  };
  EXPECT_THAT(message_of(remote(returns, {.max_retries = 0})()), HasSubstr("SIGABRT"));
}

TEST_F(UserHandlersInALocalSession, WhatWasSetLastStandsAfterwards) {
  const auto handler = [](int) {};
  ::signal(SIGSEGV, handler);
  get(remote([=] { return ::signal(SIGABRT, handler) != SIG_ERR; })());
  close();
  for (const int signal : {SIGSEGV, SIGABRT}) EXPECT_EQ(::signal(signal, SIG_DFL), +handler);
  EXPECT_TRUE(is_the_programs(SIGFPE));
}

TEST_F(UserHandlersInALocalSession, InMainAndInForkedChildrenTheProcessDiesOfIt) {
  const auto dies = [](void (*body)()) {
    const base::Ended ended = in_child(body);
    return ended.signal() == SIGSEGV && ended.said == "the program's own reporter\n";
  };
  EXPECT_TRUE(dies([] { crash_here(); }));
  EXPECT_TRUE(get(remote([=] { return dies([] { crash_here(); }); })()));
}

}  // namespace
}  // namespace manta::testing
