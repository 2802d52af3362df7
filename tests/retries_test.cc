// Tasks that are tried again after exceptions; crashes that are not, since they would come again.
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <vector>

#include <gmock/gmock.h>

#include "../base/sanitizers.h"
#include "cluster_fixture.h"
#include "error_of.h"

namespace manta::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class Retries : public ClusterTest {
 protected:
  std::string file() { return (session().directory() / "attempts").string(); }
  std::size_t attempts() {
    std::error_code none;
    const auto size = std::filesystem::file_size(file(), none);
    return none ? 0 : size;
  }
};

void count(const std::string& file) { std::ofstream(file, std::ios::app) << 'x'; }

// Throws in its first `times` attempts.
int throws(const std::string& file, int times) {
  count(file);
  const int attempt = this_task().attempt();
  if (attempt <= times) throw std::out_of_range("not yet: " + std::to_string(attempt));
  return attempt;
}

TEST_F(Retries, AnExceptionIsTriedAgain) {
  open();
  EXPECT_EQ(get(remote(throws, {.max_retries = 2, .retry_exceptions = true})(file(), 2)), 3);
  EXPECT_EQ(attempts(), 3U);
}

TEST_F(Retries, ThenTheLastErrorSaysHowOften) {
  open();
  const auto ref = remote(throws, {.max_retries = 2, .retry_exceptions = true})(file(), 100);
  try {
    get(ref);
    FAIL();
  } catch (const TaskErrorOf<std::out_of_range>& error) {
    EXPECT_EQ(error.message(), "not yet: 3");
    EXPECT_EQ(error.attempt(), 3);
    EXPECT_THAT(error.what(), HasSubstr("attempt 3 of 3"));
  }
  EXPECT_EQ(attempts(), 3U);
}

TEST_F(Retries, WithoutTheOptionItRunsOnce) {
  open();
  EXPECT_THAT(error_of<std::out_of_range>([&] { get(remote(throws)(file(), 1)); }),
              AllOf(HasSubstr("attempt 1,"), Not(HasSubstr("attempt 1 of"))));
  EXPECT_EQ(attempts(), 1U);
  const TaskOptions never{.max_retries = 0, .retry_exceptions = true};
  EXPECT_THAT(error_of<std::out_of_range>([&] { get(remote(throws, never)(file(), 9)); }),
              HasSubstr("attempt 1 of 1"));
  EXPECT_EQ(attempts(), 2U);
}

TEST_F(Retries, ForEver) {
  open();
  EXPECT_EQ(get(remote(throws, {.max_retries = -1, .retry_exceptions = true})(file(), 20)), 21);
}

TEST_F(Retries, ItHasItsArgumentsAgain) {
  open();
  const auto f = [](const Array<double>& large, const std::string& text, const ObjectRef<int>& ref,
                    int number, const std::string& path) {
    (void)throws(path, 2);
    return large[99'999] + double(text.size()) + get(ref) + number;
  };
  const auto again = remote(f, {.retry_exceptions = true});
  EXPECT_EQ(get(again(arange<double>(100'000), std::string(100'000, 't'), put(1),
                      remote([] { return 2; })(), file())),
            200'002.0);
}

TEST_F(Retries, EachRefOfAnUnpackedResultHasIt) {
  open();
  const auto f = [](const std::string& path) {
    const int attempt = throws(path, 1);
    return std::pair(attempt, std::string(100'000, 'r'));
  };
  const auto [number, text] = remote(f, {.retry_exceptions = true}).unpack()(file());
  EXPECT_EQ(get(number), 2);
  EXPECT_EQ(get(text).size(), 100'000U);
  const TaskOptions once{.max_retries = 1, .retry_exceptions = true};
  const auto [a, b] = remote([]() -> std::pair<int, int> { throw 5; }, once).unpack()();
  EXPECT_THAT(error_of<TaskError>([&] { get(a); }), HasSubstr("attempt 2 of 2"));
  EXPECT_THAT(error_of<TaskError>([&] { get(b); }), HasSubstr("attempt 2 of 2"));
}

TEST_F(Retries, LargeErrorsAreNotLeftInTheStore) {
  open();
  const auto f = [](const std::string& path) {
    count(path);
    if (this_task().attempt() < 3) throw std::runtime_error(std::string(1'000'000, 'e'));
    return 1;
  };
  EXPECT_EQ(get(remote(f, {.retry_exceptions = true})(file())), 1);
  EXPECT_EQ(attempts(), 3U);
}

int same(int value) { return value; }

TEST_F(Retries, ATaskWhoseArgumentFailedDoesNotRun) {
  open();
  const auto failed = remote([]() -> int { throw std::domain_error("the first cause"); })();
  const auto f = [](int value, const std::string& path) {
    count(path);
    return value;
  };
  const auto ref = remote(f, {.name = "f", .retry_exceptions = true})(failed, file());
  const std::string what = error_of<std::domain_error>([&] { get(remote(same)(ref)); });
  EXPECT_THAT(what, AllOf(HasSubstr("attempt 1,"), HasSubstr("f <- ")));
  EXPECT_EQ(what.find("the first cause"), what.rfind("the first cause")) << what;
  EXPECT_EQ(attempts(), 0U);
}

// A call that runs in place of its caller's wait goes to a worker of its own.
TEST_F(Retries, ACallThatRunsInPlace) {
  open({.cpus = 1});
  const auto outer = remote([](const std::string& path) {
    const int inner = get(remote(throws, {.retry_exceptions = true})(path, 2));
    const TaskOptions once{.max_retries = 1, .retry_exceptions = true};
    try {
      return get(remote(throws, once)(path, 100));
    } catch (const std::out_of_range&) {
      return 10 * this_task().attempt() + inner;
    }
  });
  EXPECT_EQ(get(outer(file())), 13);
  EXPECT_EQ(attempts(), 5U);
}

TEST_F(Retries, CrashesAndExceptionsCountTogether) {
  open();
  const auto f = [](const std::string& path) {
    count(path);
    const int attempt = this_task().attempt();
    if (attempt == 1) ::raise(SIGKILL);
    if (attempt == 2) throw std::runtime_error("2");
    if (attempt == 3) ::raise(SIGKILL);
    if (attempt < 10) throw std::runtime_error("4");
    return attempt;
  };
  const auto ref = remote(f, {.max_retries = 3, .retry_exceptions = true})(file());
  EXPECT_THAT(error_of<TaskError>([&] { get(ref); }), HasSubstr("attempt 4 of 4"));
  EXPECT_EQ(attempts(), 4U);
}

TEST_F(Retries, ManyAtATime) {
  open();
  const auto f = [](int i) {
    if (this_task().attempt() <= i % 4) throw i;
    return i;
  };
  std::vector<ObjectRef<int>> refs;
  for (int i = 0; i < 1000; ++i) refs.push_back(remote(f, {.retry_exceptions = true})(i));
  const auto values = get(refs);
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(values[static_cast<std::size_t>(i)], i);
}

class LocalRetries : public Retries {
 protected:
  void SetUp() override {
    ::setenv("MANTA_LOCAL", "1", 1);
    Retries::SetUp();
    open();
  }
  void TearDown() override {
    Retries::TearDown();
    ::unsetenv("MANTA_LOCAL");
  }
};

TEST_F(LocalRetries, AreTheSame) {
  const TaskOptions options{.max_retries = 2, .retry_exceptions = true};
  EXPECT_EQ(get(remote(throws, options)(file(), 2)), 3);
  EXPECT_THAT(error_of<std::out_of_range>([&] { get(remote(throws, options)(file(), 9)); }),
              HasSubstr("attempt 3 of 3"));
  const auto outer = [](const std::string& path) {
    return get(remote(throws, {.max_retries = 2, .retry_exceptions = true})(path, 1));
  };
  EXPECT_EQ(get(remote(outer)(file())), 2);
  EXPECT_EQ(attempts(), 8U);
}

TEST_F(LocalRetries, ATaskThatIsTriedForEverDoesNotKeepTheSession) {
  const auto ref = remote(throws, {.max_retries = -1, .retry_exceptions = true})(file(), 1 << 30);
  ASSERT_TRUE(eventually([&] { return attempts() >= 3; }));
}

#ifndef MANTA_SANITIZED  // a sanitizer's report is an exit, without a stack

volatile int* volatile null_pointer = nullptr;

[[gnu::noinline]] void crash_here() { *null_pointer = 1; }
[[gnu::noinline]] void crash_there() { *null_pointer = 2; }

int crashes(const std::string& file, int in_turns) {
  count(file);
  if (in_turns != 0 && this_task().attempt() % 2 == 0) crash_there();
  crash_here();
  return 0;
}

TEST_F(Retries, TheSameCrashTwiceIsDeterministic) {
  open();
  const auto ref = remote(crashes, {.max_retries = 10})(file(), 0);
  EXPECT_THAT(error_of<WorkerCrashed>([&] { get(ref); }),
              AllOf(HasSubstr("attempt 2 of 11"), HasSubstr("deterministic crash"),
                    HasSubstr("not tried again"), HasSubstr("crash_here")));
  EXPECT_EQ(attempts(), 2U);
}

TEST_F(Retries, AlsoWhereItWouldBeTriedForEver) {
  open();
  const auto ref = remote(crashes, {.max_retries = -1})(file(), 0);
  EXPECT_THAT(error_of<WorkerCrashed>([&] { get(ref); }), HasSubstr("deterministic crash"));
  EXPECT_EQ(attempts(), 2U);
}

TEST_F(Retries, CrashesInDifferentPlacesAreNotTheSame) {
  open();
  const auto ref = remote(crashes, {.max_retries = 3})(file(), 1);
  EXPECT_THAT(error_of<WorkerCrashed>([&] { get(ref); }),
              AllOf(HasSubstr("attempt 4 of 4"), Not(HasSubstr("deterministic"))));
  EXPECT_EQ(attempts(), 4U);
}

TEST_F(Retries, ADeathWithoutAStackIsNotDeterministic) {
  open();
  const auto f = [](const std::string& path) {
    count(path);
    ::raise(SIGKILL);
  };
  EXPECT_THAT(error_of<WorkerCrashed>([&] { get(remote(f, {.max_retries = 2})(file())); }),
              AllOf(HasSubstr("attempt 3 of 3"), Not(HasSubstr("deterministic"))));
  EXPECT_EQ(attempts(), 3U);
}

#endif

}  // namespace
}  // namespace manta::testing
