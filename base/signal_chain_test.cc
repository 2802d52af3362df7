#include "signal_chain.h"

#include <csetjmp>
#include <cstdlib>
#include <functional>
#include <string>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "child_fixture.h"
#include "sanitizers.h"

namespace manta::base {
namespace {

// What the handlers have done, each by a letter. A pipe, because the process may die.
int said_to = -1;
void say(char what) { [[maybe_unused]] const auto written = ::write(said_to, &what, 1); }

Ended in_child(const std::function<void()>& body) {
  return child_that([&](int says) {
    said_to = says;
    for (const int signal : {SIGSEGV, SIGABRT, SIGFPE, SIGTRAP}) ::signal(signal, SIG_DFL);
    body();
  });
}

void install(int signal, void (*handler)(int, siginfo_t*, void*), int flags = SA_SIGINFO) {
  struct sigaction action = {};
  action.sa_sigaction = handler;
  action.sa_flags = flags;
  ::sigemptyset(&action.sa_mask);
  ::sigaddset(&action.sa_mask, SIGUSR1);
  ::sigaction(signal, &action, nullptr);
}

void look(int, siginfo_t*, void*) { say('f'); }
int last(int signal, siginfo_t*, void*) { return say('l'), signal; }

void watch() {
  look_first(SIGSEGV, look);
  look_last(nullptr, last);
  for (const int signal : {SIGSEGV, SIGABRT, SIGFPE, SIGTRAP}) watch_signal(signal);
}

void write_to(volatile char* address) { *address = 1; }
char* nowhere() {
  return static_cast<char*>(::mmap(nullptr, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
}

bool is_blocked(int signal) {
  sigset_t mask;
  ::pthread_sigmask(SIG_SETMASK, nullptr, &mask);
  return ::sigismember(&mask, signal) == 1;
}

void mend(int signal, siginfo_t* info, void*) {
  say(is_blocked(SIGUSR1) && is_blocked(signal) ? 'm' : '?');
  ::mprotect(info->si_addr, 4096, PROT_READ | PROT_WRITE);
}

TEST(SignalChain, AHandlerThatWasThereMayMendWhatFaulted) {
  const Ended ended = in_child([] {
    install(SIGSEGV, mend);
    watch();
    char* const page = nowhere();
    write_to(page);
    say(*page == 1 && !is_blocked(SIGUSR1) && !is_blocked(SIGSEGV) ? 'o' : '?');
  });
  EXPECT_EQ(ended.said, "fmo");
  EXPECT_EQ(ended.code(), 0);
}

sigjmp_buf back;
void jump(int) {
  say('j');
  ::siglongjmp(back, 1);
}

TEST(SignalChain, AHandlerThatWasThereMayJumpAsOftenAsItLikes) {
  const Ended ended = in_child([] {
    ::signal(SIGSEGV, jump);
    watch();
    static int round = 0;
    while (round++ < 3) {
      if (sigsetjmp(back, 1) == 0) write_to(nowhere());
      say(is_blocked(SIGSEGV) ? '?' : 'o');
    }
  });
  EXPECT_EQ(ended.said, "fjofjofjo");
  EXPECT_EQ(ended.code(), 0);
}

void report(int, siginfo_t* info, void*) { say(info->si_code > 0 ? 'r' : 's'); }

TEST(SignalChain, AReporterThatIsCalledOnceIsFollowedByTheDefault) {
  const Ended ended = in_child([] {
    install(SIGSEGV, report, static_cast<int>(SA_SIGINFO | SA_RESETHAND));
    watch();
    write_to(nowhere());
  });
  EXPECT_EQ(ended.said, "frfl");
  EXPECT_EQ(ended.signal(), SIGSEGV);
}

TEST(SignalChain, WithoutAHandlerTheLastWordsAreSaidAndTheDefaultFollows) {
  for (const int signal : {SIGSEGV, SIGABRT, SIGFPE, SIGTRAP}) {
    const Ended ended = in_child([signal] {
      watch();
      ::raise(signal);
    });
    EXPECT_EQ(ended.said, signal == SIGSEGV ? "fl" : "l");
    EXPECT_EQ(ended.signal(), signal);
  }
}

TEST(SignalChain, WithoutLastWordsTheFaultItselfEndsTheProcess) {
  const Ended ended = in_child([] {
    watch_signal(SIGSEGV);
    write_to(nowhere());
  });
  EXPECT_EQ(ended.signal(), SIGSEGV);
}

TEST(SignalChain, WhatIsIgnoredStaysIgnoredUnlessItIsAFault) {
  const Ended ended = in_child([] {
    ::signal(SIGSEGV, SIG_IGN);
    watch();
    ::raise(SIGSEGV);
    say('o');
    write_to(nowhere());
  });
  EXPECT_EQ(ended.said, "fofl");
  EXPECT_EQ(ended.signal(), SIGSEGV);
}

TEST(SignalChain, UnwatchedTheHandlerIsTheKernelsAgain) {
  const Ended ended = in_child([] {
    install(SIGSEGV, mend);
    watch();
    watch_signal(SIGSEGV);
    unwatch_signal(SIGSEGV);
    write_to(nowhere());
    unwatch_signal(SIGSEGV);
    write_to(nowhere());
    say('o');
  });
  EXPECT_EQ(ended.said, "fmmo");
}

TEST(SignalChain, AHandlerThatReturnsFromAbortDoesNotHideIt) {
  const Ended ended = in_child([] {
    install(SIGABRT, report);
    watch();
    std::abort();
  });
  EXPECT_EQ(ended.said, "sl");
  EXPECT_EQ(ended.signal(), SIGABRT);
}

void blocked_or_not(int signal, siginfo_t* info, void*) {
  say(is_blocked(signal) ? 'b' : 'n');
  ::mprotect(info->si_addr, 4096, PROT_READ | PROT_WRITE);
}

TEST(SignalChain, AHandlerIsFreeToTakeFaultsOfItsOwn) {
  const Ended ended = in_child([] {
    install(SIGSEGV, blocked_or_not, SA_SIGINFO | SA_NODEFER);
    watch();
    for (int i = 0; i < 2; ++i) write_to(nowhere());
  });
  EXPECT_EQ(ended.said, "fnfn");
  EXPECT_EQ(ended.code(), 0);
}

void faults(int, siginfo_t*, void*) {
  say('x');
  write_to(nowhere());
}

TEST(SignalChain, AFaultInALookEndsTheProcess) {
  const Ended ended = in_child([] {
    look_first(SIGSEGV, faults);
    watch_signal(SIGSEGV);
    write_to(nowhere());
  });
  EXPECT_EQ(ended.said, "x");
  EXPECT_EQ(ended.signal(), SIGSEGV);
}

constexpr std::size_t kSmall = 8192;
int needs_much_stack(int signal, siginfo_t*, void*) {
  volatile char much[4 * kSmall];
  for (std::size_t i = sizeof much; i-- > 0;) much[i] = 1;
  return signal;
}

TEST(SignalChain, LastWordsThatOverflowTheirStackEndTheProcess) {
  const Ended ended = in_child([] {
    take_small_signal_stack(kSmall);
    look_last(nullptr, needs_much_stack);
    watch_signal(SIGSEGV);
    ::alarm(20);
    write_to(nowhere());
  });
  EXPECT_EQ(ended.signal(), SIGSEGV);
}

#ifndef MANTA_SANITIZED  // sanitizers have a sigaction() of their own
void report_and_reset(int signal, siginfo_t*, void*) {
  say('r');
  ::signal(signal, SIG_DFL);
  ::raise(signal);
}

TEST(SignalChain, AReporterThatResetsAndSendsTheSignalAnewIsFollowedByTheDefault) {
  const Ended ended = in_child([] {
    install(SIGSEGV, report_and_reset);
    watch();
    write_to(nowhere());
  });
  EXPECT_EQ(ended.said, "frfl");
  EXPECT_EQ(ended.signal(), SIGSEGV);
}

TEST(SignalChain, AHandlerThatIsInstalledLaterComesNext) {
  const Ended ended = in_child([] {
    watch();
    install(SIGSEGV, mend);
    write_to(nowhere());
    struct sigaction seen = {};
    ::sigaction(SIGSEGV, nullptr, &seen);
    say(seen.sa_sigaction == mend && ::sigismember(&seen.sa_mask, SIGUSR1) == 1 ? 'o' : '?');
    say(::signal(SIGSEGV, SIG_DFL) != SIG_DFL && ::signal(SIGSEGV, SIG_DFL) == SIG_DFL ? 'o' : '?');
    write_to(nowhere());
  });
  EXPECT_EQ(ended.said, "fmoofl");
  EXPECT_EQ(ended.signal(), SIGSEGV);
}
#endif

}  // namespace
}  // namespace manta::base
