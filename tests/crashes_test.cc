// Workers that die under a task: retries, and what WorkerCrashed says; writes to read-only arrays.
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <unistd.h>
#include <vector>

#include <gmock/gmock.h>

#include "cluster_fixture.h"
#include "sanitized.h"

namespace manta::testing {
namespace {

using ::testing::HasSubstr;

volatile int zero = 0;
volatile int* volatile null_pointer = nullptr;

#pragma GCC diagnostic push
#ifndef __clang__
#pragma GCC diagnostic ignored "-Winfinite-recursion"
#endif
[[gnu::noinline]] int overflow(volatile int* up) {  // NOLINT(clang-diagnostic-infinite-recursion)
  volatile int frame[256] = {};
  frame[0] = *up + 1;
  return overflow(frame) + frame[0];
}
#pragma GCC diagnostic pop

enum class Death { kKill, kSegv, kAbort, kExit0, kExit3, kStackOverflow, kTerminate, kBus };

[[gnu::noinline]] void die_here(Death death) {
  switch (death) {
    case Death::kKill:
      ::raise(SIGKILL);
      break;
    case Death::kSegv:
      *null_pointer = 1;
      break;
    case Death::kAbort:
      std::abort();
    case Death::kExit0:
      std::exit(0);
    case Death::kExit3:
      std::exit(3);
    case Death::kStackOverflow: {
      volatile int start = 0;
      zero = overflow(&start);
      break;
    }
    case Death::kTerminate:
      std::terminate();
    case Death::kBus:
      ::raise(SIGBUS);
      break;
  }
  zero = 0;  // no call above is the last thing done: each keeps its frame
}

int die(int death) {
  std::fprintf(stderr, "last words of %d\n", death);
  die_here(Death(death));
  return 0;
}

// Dies in its first `times` attempts; counts them in a file.
int die_some_times(int death, const std::string& file, int times) {
  std::ofstream(file, std::ios::app) << 'x';
  if (int(std::filesystem::file_size(file)) <= times) die_here(Death(death));
  return this_task().attempt();
}

const std::vector<Death> kAllDeaths{Death::kKill,      Death::kSegv,  Death::kAbort,
                                    Death::kExit0,     Death::kExit3, Death::kStackOverflow,
                                    Death::kTerminate, Death::kBus};

int signal_of(Death death) {
  switch (death) {
    case Death::kKill:
      return SIGKILL;
    case Death::kSegv:
    case Death::kStackOverflow:
      return SIGSEGV;
    case Death::kAbort:
    case Death::kTerminate:
      return SIGABRT;
    case Death::kBus:
      return SIGBUS;
    default:
      return 0;
  }
}

class Crashes : public ClusterTest, public ::testing::WithParamInterface<Death> {
 protected:
  void SetUp() override {
    ClusterTest::SetUp();
    open();
  }
  int death() const { return int(GetParam()); }
};

TEST_P(Crashes, WithoutRetriesItIsWorkerCrashed) {
  const auto ref = remote(die, {.max_retries = 0})(death());
  try {
    get(ref);
    FAIL() << "it lived";
  } catch (const WorkerCrashed& error) {
    const std::string what = error.what();
    EXPECT_THAT(what, HasSubstr("die"));
    EXPECT_THAT(what, HasSubstr("last words of " + std::to_string(death())));
    if (kSanitized) return;
    EXPECT_EQ(error.signal(), signal_of(GetParam())) << what;
    if (GetParam() == Death::kExit0) {
      EXPECT_THAT(what, HasSubstr("exited with code 0"));
    } else if (GetParam() == Death::kExit3) {
      EXPECT_THAT(what, HasSubstr("exited with code 3"));
    } else {
      EXPECT_THAT(what, HasSubstr("signal " + std::to_string(signal_of(GetParam()))));
    }
    const bool has_stack = error.signal() != 0 && error.signal() != SIGKILL;
    const std::string culprit = GetParam() == Death::kStackOverflow ? "overflow" : "die_here";
    if (has_stack) {
      EXPECT_THAT(error.stack(), HasSubstr(culprit)) << what;
    }
  }
}

TEST_P(Crashes, ItIsRetried) {
  const auto file = (session().directory() / "attempts").string();
  EXPECT_EQ(get(remote(die_some_times, {.max_retries = 2})(death(), file, 1)), 2);
  EXPECT_EQ(std::filesystem::file_size(file), 2u);
}

TEST_P(Crashes, AfterTheLastRetryItIsWorkerCrashed) {
  const auto file = (session().directory() / "attempts").string();
  EXPECT_THROW(get(remote(die_some_times, {.max_retries = 1})(death(), file, 100)), WorkerCrashed);
  EXPECT_EQ(std::filesystem::file_size(file), 2u);
}

std::string name_of(const ::testing::TestParamInfo<Death>& death) {
  static const char* const names[] = {"Sigkill", "Sigsegv",       "Abort",     "Exit0",
                                      "Exit3",   "StackOverflow", "Terminate", "Sigbus"};
  return names[int(death.param)];
}
INSTANTIATE_TEST_SUITE_P(All, Crashes, ::testing::ValuesIn(kAllDeaths), name_of);

class Crash : public ClusterTest {};

int add(int a, int b) { return a + b; }

TEST_F(Crash, OtherTasksAreNotHarmed) {
  open();
  std::vector<ObjectRef<int>> good, bad;
  for (int i = 0; i < 100; ++i) {
    if (i % 20 == 0) bad.push_back(remote(die, {.max_retries = 0})(int(Death::kAbort)));
    good.push_back(remote(add)(i, 1));
  }
  const auto values = get(good);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(values[std::size_t(i)], i + 1);
  for (const auto& ref : bad) EXPECT_THROW(get(ref), WorkerCrashed);
}

TEST_F(Crash, TheMessageCountsTheAttempts) {
  open();
  try {
    get(remote(die, {.max_retries = 1})(int(Death::kExit3)));
    FAIL();
  } catch (const WorkerCrashed& error) {
    EXPECT_THAT(error.what(), HasSubstr("attempt 2 of 2"));
  }
}

TEST_F(Crash, RetriesForEver) {
  open();
  const auto file = (session().directory() / "attempts").string();
  EXPECT_EQ(get(remote(die_some_times, {.max_retries = -1})(int(Death::kKill), file, 6)), 7);
}

TEST_F(Crash, ARetryHasItsArgumentsAgain) {
  open();
  const auto file = (session().directory() / "attempts").string();
  const auto f = [](const Array<double>& large, const std::string& text, const ObjectRef<int>& ref,
                    const std::string& path) {
    std::ofstream(path, std::ios::app) << 'x';
    if (std::filesystem::file_size(path) <= 2) ::raise(SIGKILL);
    return large[99'999] + double(text.size()) + get(ref);
  };
  EXPECT_EQ(get(remote(f)(arange<double>(100'000), std::string(100'000, 't'), put(1), file)),
            200'000.0);
}

TEST_F(Crash, DependentsHoldTheCrash) {
  open();
  const auto crashed = remote(die, {.max_retries = 0})(int(Death::kAbort));
  const auto dependent = remote(add, {.name = "dependent"})(crashed, 1);
  try {
    get(dependent);
    FAIL();
  } catch (const WorkerCrashed& error) {
    EXPECT_EQ(error.signal(), kSanitized ? error.signal() : SIGABRT);
    EXPECT_THAT(error.what(), HasSubstr("dependent <- "));
  }
}

TEST_F(Crash, ACrashPassesThroughGetInsideATask) {
  open();
  const auto f = remote([] { return get(remote(die, {.max_retries = 0})(int(Death::kAbort))); });
  try {
    get(f());
    FAIL();
  } catch (const WorkerCrashed& error) {
    EXPECT_EQ(error.signal(), kSanitized ? error.signal() : SIGABRT);
    EXPECT_THAT(error.what(), HasSubstr("die"));
  }
}

TEST_F(Crash, AChildOfACrashedTaskIsNoTrouble) {
  open();
  const auto f = remote(
      [] {
        std::vector<ObjectRef<int>> children;
        for (int i = 0; i < 20; ++i) children.push_back(remote(add)(i, i));
        ::raise(SIGKILL);
      },
      {.max_retries = 0});
  EXPECT_THROW(get(f()), WorkerCrashed);
  EXPECT_EQ(get(remote(add)(1, 2)), 3);
}

TEST_F(Crash, ResultsOfADeadWorkerLiveOn) {
  open({.cpus = 1});
  const auto array = remote([] { return arange<double>(100'000); })();
  const auto ref = remote([] { return put(std::string(100'000, 'p')); })();
  wait(std::vector<AnyRef>{array, ref}, {.num_ready = 2});
  EXPECT_THROW(get(remote(die, {.max_retries = 0})(int(Death::kKill))), WorkerCrashed);
  EXPECT_EQ(get(array)[99'999], 99'999);
  EXPECT_EQ(get(get(ref)).size(), 100'000u);
}

// ---- writes to read-only arrays

double scribble(const Array<double>& a) {
  const_cast<double*>(a.data())[a.size() / 2] = 1;  // what the API does not allow, by a cast
  return a[0];
}

TEST_F(Crash, AWriteToAnArrayFailsThatTaskOnly) {
  open();
  for (const std::size_t n : {10u, 1'000u, 1'000'000u}) {
    const auto ref = put(zeros<double>(n));
    const auto failed = remote(scribble)(ref);
    EXPECT_THROW(get(failed), ReadOnlyWrite);
    EXPECT_THROW(get(failed), TaskErrorOf<ReadOnlyWrite>);
    try {
      get(failed);
    } catch (const TaskError& error) {
      EXPECT_THAT(
          error.message(),
          HasSubstr("assignment destination is read-only: array of object " + ref.id().hex()));
      EXPECT_THAT(error.message(), HasSubstr("scribble"));
      EXPECT_THAT(error.message(), HasSubstr("make a copy first: a.copy()"));
      EXPECT_THAT(error.function(), HasSubstr("scribble"));
      EXPECT_EQ(error.attempt(), 1);  // not retried
      EXPECT_EQ(error.node(), cluster().nodes.at(0).id);
      if (!kSanitized) {
        EXPECT_THAT(error.stack(), HasSubstr("scribble"));
      }
    }
    EXPECT_EQ(get(ref)[n / 2], 0);
    EXPECT_EQ(get(remote(add)(1, 2)), 3);
  }
}

TEST_F(Crash, AnArrayOfATaskIsReadOnlyInTheNext) {
  open();
  const auto made = remote([] { return arange<double>(1'000); })();
  EXPECT_THROW(get(remote(scribble)(made)), ReadOnlyWrite);
  EXPECT_EQ(get(made)[500], 500);
}

struct Scribbler {
  int calls = 0;
  double scribble(const Array<double>& a) { return testing::scribble(a); }
  int count() { return ++calls; }
};

TEST_F(Crash, AWriteInAMethodFailsThatCallAndEndsTheActor) {
  open();
  const auto actor = manta::actor<Scribbler>();
  EXPECT_EQ(get(actor.call(&Scribbler::count)), 1);
  const auto array = put(zeros<double>(1'000));
  const auto failed = actor.call(&Scribbler::scribble, array);
  const auto behind = actor.call(&Scribbler::count);
  EXPECT_THROW(get(failed), TaskErrorOf<ReadOnlyWrite>);
  try {
    get(failed);
  } catch (const TaskError& error) {
    EXPECT_THAT(error.message(), HasSubstr("array of object " + array.id().hex()));
    EXPECT_THAT(error.function(), HasSubstr("scribble"));
    EXPECT_EQ(error.attempt(), 1);
    EXPECT_EQ(error.node(), cluster().nodes.at(0).id);
  }
  EXPECT_THROW(get(behind), ActorDied);
  EXPECT_THROW(get(actor.ended()), ActorDied);
  EXPECT_THROW(get(actor.call(&Scribbler::count)), ActorDied);
}

std::size_t times(const std::string& text, std::string_view words) {
  std::size_t count = 0;
  for (auto at = text.find(words); at != std::string::npos; at = text.find(words, at + 1)) ++count;
  return count;
}

TEST_F(Crash, AWorkerSaysOnceWhatWasWritten) {
  open();
  const auto actor = manta::actor<Scribbler>();
  const auto failed = actor.call(&Scribbler::scribble, put(zeros<double>(1'000)));
  EXPECT_THROW(get(failed), ReadOnlyWrite);
  try {
    get(actor.ended());
    FAIL();
  } catch (const ActorDied& error) {
    EXPECT_EQ(times(error.what(), "assignment destination is read-only"), 1u) << error.what();
  }
}

using CrashDeathTest = Crash;

TEST_F(CrashDeathTest, AWriteInTheDriverPrintsTheLineAndFaults) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_DEATH(
      {
        const auto session = init({.cpus = 1, .object_store_bytes = 64 << 20});
        const auto a = get(put(zeros<double>(1000)));
        const_cast<double*>(a.data())[3] = 1;
      },
      ::testing::ResultOf(
          [](const std::string& log) { return times(log, "is read-only: array of"); }, 1u));
}

}  // namespace
}  // namespace manta::testing
