// What user code may do to the process that runs it, each with one clear outcome: a value or a typed error. What runs
// in the session afterwards is not harmed, and nothing is left. Actors: actor_faults_test.cc; drivers:
// driver_faults_test.cc. Crashes by signals are in crashes_test.cc, children of fork() in fork_test.cc.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <locale>
#include <new>
#include <pthread.h>
#include <stdexcept>
#include <string>
#include <sys/resource.h>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>
#include <utility>
#include <vector>

#include <gmock/gmock.h>

#include <manta/parallel.h>

#include "../base/sanitizers.h"
#include "cluster_fixture.h"
#include "error_of.h"
#include "sanitized.h"
#include "work.h"

namespace manta::testing {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr std::size_t kOutput = std::size_t{kSanitized ? 64 : 1024} << 20;

int pid() { return ::getpid(); }

template <class R>
std::string crash_of(const ObjectRef<R>& ref) {
  return error_of<WorkerCrashed>([&] { get(ref); });
}

// One worker, so that what a task does to its process is met by the next.
class FaultsTest : public ClusterTest {
 protected:
  void SetUp() override {
    ClusterTest::SetUp();
    open({.cpus = 1, .log_to_driver = false});
  }
};

// ---- ends of the process

struct End {
  const char* name;
  void (*end)();
  const char* said;
};

const End kEnds[] = {
    {"exit", [] { std::exit(0); }, "exited with code 0"},
    {"_exit", [] { ::_exit(0); }, "exited with code 0"},
    {"quick_exit", [] { std::quick_exit(0); }, "exited with code 0"},
    {"exit in a thread", [] { std::thread([] { std::exit(0); }).join(); }, "exited with code 0"},
    {"pthread_exit", [] { ::pthread_exit(nullptr); }, "pthread_exit"},
    {"pthread_cancel",
     [] {
       ::pthread_cancel(::pthread_self());
       ::pthread_testcancel();
     },
     "pthread_cancel"},
};

int end(int which) {
  kEnds[which].end();
  return 1;
}

// In its first attempt only.
int end_once(int which) {
  if (this_task().attempt() == 1) kEnds[which].end();
  return this_task().attempt();
}

TEST_F(FaultsTest, WhateverEndsTheProcessIsACrashOfItsCallAlone) {
  for (int i = 0; i < static_cast<int>(std::size(kEnds)); ++i) {
    SCOPED_TRACE(kEnds[i].name);
    const std::string said = crash_of(remote(end, {.max_retries = 0})(i));
    EXPECT_THAT(said, HasSubstr("the worker process that ran manta::testing::end "));
    if (!kSanitized) {
      EXPECT_THAT(said, HasSubstr(kEnds[i].said));
    }
    EXPECT_EQ(get(remote(end_once)(i)), 2);
    expect_all_works();
  }
}

TEST_F(FaultsTest, PthreadExitInALoopOfTasksEndsThatChunkAlone) {
  const std::vector<int> numbers{1, 2, 3};
  const auto f = [](int) { ::pthread_exit(nullptr); };
  EXPECT_THAT(error_of<WorkerCrashed>([&] { parallel_for(numbers, f); }),
              HasSubstr("pthread_exit"));
  expect_all_works();
}

TEST_F(FaultsTest, PthreadExitOfAThreadThatATaskHasStartedIsItsOwn) {
  const auto f = [] {
    int done = 0;
    std::thread([&] {
      done = 1;
      ::pthread_exit(nullptr);
    }).join();
    return done;
  };
  EXPECT_EQ(get(remote(f)()), 1);
}

// ---- children

// In the session of the node, or in one of its own, as daemons are.
int leave_a_child(bool own_session) {
  const pid_t child = ::fork();
  if (child != 0) return child;
  if (own_session) ::setsid();
  for (;;) ::pause();
}

TEST_F(FaultsTest, AChildThatStaysEndsWithTheSession) {
  std::vector<int> children;
  for (const bool own_session : {false, true}) {
    children.push_back(get(remote(leave_a_child)(own_session)));
    expect_all_works();
  }
  EXPECT_THAT(crash_of(remote(end, {.max_retries = 0})(1)), HasSubstr("::end exited with code 0"));
  for (const int child : children) EXPECT_EQ(::kill(child, 0), 0) << "it outlives its worker";
  expect_all_works();
  close();
  for (const int child : children) EXPECT_NE(::kill(child, 0), 0);
}

// ---- what stays in the process: no later call is harmed by it

class Grouped : public std::numpunct<char> {
 protected:
  char do_thousands_sep() const override { return '\''; }
  std::string do_grouping() const override { return "\1"; }
  char do_decimal_point() const override { return ','; }
  std::string do_truename() const override { return "wahr"; }
};

void take_another_locale() { std::locale::global(std::locale(std::locale(), new Grouped)); }

int fails_with_numbers(const Array<double>& array) {
  if (array.size() > 10) const_cast<double*>(array.data())[10] = 1;
  throw std::out_of_range("of the task");
}

TEST_F(FaultsTest, TheLocaleOfATaskIsNotThatOfErrors) {
  get(remote(take_another_locale)());
  expect_all_works();
  const std::string said =
      error_of<std::out_of_range>([] { get(remote(fails_with_numbers)(zeros<double>(2))); });
  const std::string worker = std::to_string(get(remote(pid)()));
  EXPECT_THAT(said, AllOf(HasSubstr("attempt 1"), HasSubstr("pid " + worker)));
  const auto array = put(zeros<double>(100));
  EXPECT_THAT(error_of<ReadOnlyWrite>([&] { get(remote(fails_with_numbers)(array)); }),
              HasSubstr("array of object " + array.id().hex()));
}

TEST_F(FaultsTest, TheLocaleOfADriverIsNotThatOfErrors) {
  const std::locale before = std::locale::global(std::locale(std::locale(), new Grouped));
  expect_all_works();
  const auto sleeps = remote([] { std::this_thread::sleep_for(1h); }, {.deadline = 1500ms});
  const std::string late = error_of<DeadlineExceeded>([&] { get(sleeps()); });
  const std::string crash = crash_of(remote(end, {.max_retries = 0})(1));
  std::locale::global(before);
  EXPECT_THAT(late, HasSubstr("deadline of 1.5"));
  EXPECT_THAT(crash, HasSubstr("in attempt 1 of 1"));
}

TEST_F(FaultsTest, ADirectoryThatATaskWentToAndThatIsGoneHarmsNobody) {
  const fs::path place = session().directory() / "gone";
  fs::create_directory(place);
  get(remote([](const std::string& to) { fs::current_path(to); })(place.string()));
  fs::remove(place);
  expect_all_works();
  EXPECT_THAT(crash_of(remote(end, {.max_retries = 0})(1)), HasSubstr("::end exited with code 0"));
  EXPECT_EQ(get(remote([] { return fs::current_path(); })()), fs::current_path());
}

// With its worker: the next call of this kind, which follows at once, has the same.
using AndWorker = std::pair<int, int>;

TEST_F(FaultsTest, AMaskOfFilesThatForbidsEverythingStaysInItsWorkerAndHarmsNobody) {
  const auto set_mask = [] { return AndWorker(static_cast<int>(::umask(0777)), ::getpid()); };
  const auto [before, worker] = get(remote(set_mask)());
  const auto [after, next] = get(remote(set_mask)());
  EXPECT_EQ(after, next == worker ? 0777 : before);
  expect_all_works();
}

int* volatile nowhere = nullptr;

int crash() { return *nowhere; }

void block_all_signals() {
  sigset_t all;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, nullptr);
}

AndWorker blocked_signals() {
  sigset_t now;
  ::pthread_sigmask(SIG_SETMASK, nullptr, &now);
  int count = 0;
  for (int signal = 1; signal < 32; ++signal) count += ::sigismember(&now, signal) == 1 ? 1 : 0;
  return {count, ::getpid()};
}

TEST_F(FaultsTest, SignalsThatATaskBlocksStayBlockedInItsWorkerAndHarmNobody) {
  const auto block = [] {
    block_all_signals();
    return blocked_signals();
  };
  const auto [blocked, worker] = get(remote(block)());
  EXPECT_GT(blocked, 25);
  const auto [after, next] = get(remote(blocked_signals)());
  EXPECT_EQ(after, next == worker ? blocked : 0);
  expect_all_works();
  get(remote(block)());
  close();  // in time
}

TEST_F(FaultsTest, CrashesBySignalsThatAreBlockedAreCrashes) {
  const auto fault = [] {
    block_all_signals();
    return crash();
  };
  const std::string said = crash_of(remote(fault, {.max_retries = 0})());
  if (!kSanitized) {
    EXPECT_THAT(said, AllOf(HasSubstr("SIGSEGV"), HasSubstr("blocks it")));
  }
  const auto abort = [] {
    block_all_signals();
    std::abort();
  };
  const std::string aborted = crash_of(remote(abort, {.max_retries = 0})());
  if (!kSanitized) {
    EXPECT_THAT(aborted, HasSubstr("SIGABRT"));
  }
  EXPECT_EQ(get(remote(blocked_signals)()).first, 0) << "the next worker begins with none";
  expect_all_works();
}

// ---- limits

void set_limit(int which, rlim_t value) {
  rlimit limit{};
  ::getrlimit(static_cast<__rlimit_resource>(which), &limit);
  limit.rlim_cur = value;
  ::setrlimit(static_cast<__rlimit_resource>(which), &limit);
}

TEST_F(FaultsTest, WithoutDescriptorsTasksRunAndOpenNothing) {
  if (kSanitized) GTEST_SKIP() << "UndefinedBehaviorSanitizer opens a pipe for some of its checks";
  const auto limit_and_open = [] {
    set_limit(static_cast<int>(RLIMIT_NOFILE), 0);
    return ::open("/dev/null", O_RDONLY | O_CLOEXEC) >= 0;
  };
  EXPECT_FALSE(get(remote(limit_and_open)()));
  expect_all_works();
}

TEST_F(FaultsTest, FilesThatMayNotGrowEndTheTaskThatLetsThemGrow) {
  get(remote(set_limit)(static_cast<int>(RLIMIT_FSIZE), 0));
  expect_all_works();
  const auto write = [](const std::string& to) {
    set_limit(static_cast<int>(RLIMIT_FSIZE), 10);
    std::ofstream(to) << std::string(100, 'x');
  };
  const std::string file = (session().directory() / "file").string();
  EXPECT_THAT(crash_of(remote(write, {.max_retries = 0})(file)), HasSubstr("SIGXFSZ"));
  expect_all_works();
}

TEST_F(FaultsTest, ProcessorTimeThatIsUsedUpIsACrashThatSaysSo) {
  const auto burn = [] {
    set_limit(static_cast<int>(RLIMIT_CPU), 1);
    for (std::atomic<int> i = 0;; ++i) continue;
  };
  EXPECT_THAT(crash_of(remote(burn, {.max_retries = 0})()), HasSubstr("SIGXCPU"));
  expect_all_works();
}

#ifndef MANTA_SANITIZED  // their shadow memory is larger than any limit
std::size_t allocate(std::size_t bytes) {
  std::ifstream statm("/proc/self/statm");
  std::size_t pages = 0;
  statm >> pages;
  set_limit(static_cast<int>(RLIMIT_AS), pages * 4096 + (64 << 20));
  return std::vector<char>(bytes).size();
}

TEST_F(FaultsTest, MemoryBeyondALimitIsABadAlloc) {
  EXPECT_THROW(get(remote(allocate)(std::size_t{1} << 30)), std::bad_alloc);
  EXPECT_THROW(get(remote(allocate)(std::size_t{1} << 30)), TaskError);
  expect_all_works();
}
#endif

// ---- output

std::size_t print_without_newline(std::size_t bytes) {
  const std::string piece(1 << 20, 'x');
  std::size_t printed = 0;
  while (printed < bytes) {
    const ssize_t n = ::write(1, piece.data(), piece.size());
    if (n < 0) throw std::runtime_error("write");
    printed += static_cast<std::size_t>(n);
  }
  return printed;
}

std::size_t private_bytes(pid_t process) {
  std::ifstream status("/proc/" + std::to_string(process) + "/status");
  for (std::string word; status >> word;) {
    std::size_t kib = 0;
    if (word == "RssAnon:" && status >> kib) return kib << 10;
  }
  return 0;
}

TEST_F(FaultsTest, OutputWithoutEndOrNewlineTakesNoMemoryOfTheNode) {
  const std::size_t before = private_bytes(node_pid());
  const auto ref = remote(print_without_newline)(kOutput);
  std::size_t most = 0;
  while (!ref.ready()) most = std::max(most, private_bytes(node_pid()));
  EXPECT_EQ(get(ref), kOutput);
  // Memory that was freed is kept by AddressSanitizer for some time.
  const std::size_t allowed = std::size_t{kSanitized ? 512 : 64} << 20;
  EXPECT_LT(most, before + allowed);
  expect_all_works();
}

// ---- a worker that stands still

TEST_F(FaultsTest, ATaskThatStopsItsWorkerEndsWithItsDeadline) {
  const auto stop = remote([] { ::raise(SIGSTOP); }, {.deadline = 200ms});
  for (int i = 0; i < 2; ++i) {
    EXPECT_THROW(get(stop()), DeadlineExceeded);
    expect_all_works();
  }
}

}  // namespace
}  // namespace manta::testing
