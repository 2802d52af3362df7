// Exceptions that are hard to carry: nested ones, huge ones, those whose own code fails.
#include <csignal>
#include <exception>
#include <stdexcept>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include <gmock/gmock.h>

#include "cluster_fixture.h"

namespace manta::testing {
namespace {

using ::testing::HasSubstr;

// One CPU: the task after a failed one runs in the same worker, which must be as good as before.
class ThrownExceptions : public ClusterTest {
 protected:
  void SetUp() override {
    ClusterTest::SetUp();
    open({.cpus = 1});
  }
  void TearDown() override {
    EXPECT_EQ(get(remote([](int n) { return 2 * n; })(4)), 8);
    ClusterTest::TearDown();
  }
};

// The error of a ref as an E and a TaskError at once.
template <class E, class T>
const TaskErrorOf<E> error_of(const ObjectRef<T>& ref) {
  try {
    get(ref);
  } catch (const TaskErrorOf<E>& error) {
    return error;
  }
  throw std::logic_error("no such error");
}

class Refused : public std::runtime_error {  // registered, with members
 public:
  Refused(const std::string& why, std::vector<std::string> hints)
      : std::runtime_error(why), hints_(std::move(hints)) {}
  const std::vector<std::string>& hints() const { return hints_; }
  auto manta_reduce() const { return std::tuple(std::string(what()), hints_); }

 private:
  std::vector<std::string> hints_;
};
// Registered; each fails in a place of its own.
struct CannotBeReduced : std::runtime_error {
  using std::runtime_error::runtime_error;
  std::string manta_reduce() const { throw std::logic_error("not reduced"); }
};
struct CannotBeReducedOddly : std::runtime_error {
  using std::runtime_error::runtime_error;
  std::string manta_reduce() const { throw 5; }
};
struct CannotBeRestored : std::runtime_error {
  using std::runtime_error::runtime_error;
  std::string manta_reduce() const { return what(); }
  static CannotBeRestored manta_restore(const std::string&) {
    throw std::logic_error("not restored");
  }
};
struct CannotBeCopied : std::runtime_error {
  using std::runtime_error::runtime_error;
  CannotBeCopied(const CannotBeCopied& other) : std::runtime_error(other) {
    throw std::domain_error("not copied");
  }
  std::string manta_reduce() const { return what(); }
};

const OnStart registration{[] {
  register_exception<Refused>();
  register_exception<CannotBeReduced>();
  register_exception<CannotBeReducedOddly>();
  register_exception<CannotBeRestored>();
  register_exception<CannotBeCopied>();
}};

// ---- nested

struct Odd {};  // no exception type

template <class Inner, class Outer>
void nest(Inner inner, Outer outer) {
  try {
    inner();
  } catch (...) {
    std::throw_with_nested(outer);
  }
}

TEST_F(ThrownExceptions, ThreeDeepEachCauseIsWhatItWas) {
  const auto ref = remote([] {
    const auto middle = [] {
      nest([] { throw std::out_of_range("innermost"); }, Refused("middle", {"ask", "again"}));
    };
    nest(middle, std::invalid_argument("outermost"));
  })();
  const auto outer = error_of<std::invalid_argument>(ref);
  EXPECT_EQ(outer.message(), "outermost");
  EXPECT_THAT(outer.what(), HasSubstr("innermost"));
  ASSERT_NE(outer.cause(), nullptr);
  try {
    std::rethrow_exception(outer.cause());
  } catch (const Refused& middle) {
    EXPECT_EQ(middle.hints(), (std::vector<std::string>{"ask", "again"}));
    const auto& error = dynamic_cast<const TaskError&>(middle);
    EXPECT_EQ(error.message(), "middle");
    ASSERT_NE(error.cause(), nullptr);
    try {
      std::rethrow_exception(error.cause());
    } catch (const std::out_of_range& inner) {
      EXPECT_EQ(dynamic_cast<const TaskError&>(inner).message(), "innermost");
      EXPECT_EQ(dynamic_cast<const TaskError&>(inner).cause(), nullptr);
    }
  }
}

TEST_F(ThrownExceptions, ACauseThatIsNoExceptionIsDescribed) {
  const auto outer = error_of<std::runtime_error>(
      remote([] { nest([] { throw Odd(); }, std::runtime_error("outer")); })());
  EXPECT_THAT(outer.what(), HasSubstr("Odd"));
  ASSERT_NE(outer.cause(), nullptr);
  EXPECT_THROW(std::rethrow_exception(outer.cause()), TaskErrorOf<RuntimeError>);
}

TEST_F(ThrownExceptions, ThroughATaskInATaskTheCausesAreKept) {
  const auto inner = [] {
    nest([] { throw std::out_of_range("cause"); }, Refused("inner", {"hint"}));
  };
  const auto outer = error_of<Refused>(remote([inner] { get(remote(inner)()); })());
  EXPECT_EQ(outer.message(), "inner");
  EXPECT_EQ(outer.hints(), std::vector<std::string>{"hint"});
  EXPECT_THAT(outer.what(), HasSubstr("cause"));
  ASSERT_NE(outer.cause(), nullptr);
  EXPECT_THROW(std::rethrow_exception(outer.cause()), std::out_of_range);
}

// ---- texts

TEST_F(ThrownExceptions, ATextOfOneMegabyteArrivesWhole) {
  const std::size_t size = std::size_t{1} << 20;
  const auto fail = remote([](std::size_t n) { throw std::domain_error(std::string(n, 'e')); });
  const auto error = error_of<std::domain_error>(fail(size));
  EXPECT_TRUE(error.message() == std::string(size, 'e'));
  EXPECT_NE(std::string_view(error.what()).find(error.message()), std::string_view::npos);
  const auto in_task = remote([](std::size_t n) {
    get(remote([](std::size_t m) { throw std::domain_error(std::string(m, 'e')); })(n));
  });
  EXPECT_EQ(error_of<std::domain_error>(in_task(size)).message().size(), size);
}

TEST_F(ThrownExceptions, HundredsOfThemLeaveNothing) {
  const auto before = store_bytes_used();
  const auto fail =
      remote([](int n) { throw Refused(std::string(100'000, 'e'), {std::to_string(n)}); });
  for (int i = 0; i < 200; ++i) {
    EXPECT_EQ(error_of<Refused>(fail(i)).hints(), std::vector{std::to_string(i)});
  }
  EXPECT_TRUE(eventually([&] { return store_bytes_used() <= before; }));
}

struct NoText : std::exception {
  const char* what() const noexcept override { return nullptr; }
};

TEST_F(ThrownExceptions, AWhatThatIsNullIsAnEmptyText) {
  for (const auto& ref : {remote([] { throw NoText(); })(),
                          remote([] { nest([] { throw NoText(); }, NoText()); })()}) {
    const auto error = error_of<RuntimeError>(ref);
    EXPECT_EQ(error.message(), "");
    EXPECT_THAT(error.type_name(), HasSubstr("NoText"));
  }
}

[[noreturn]] void throw_logic_error() { throw std::logic_error("no text"); }
struct TextThrows : std::exception {
  const char* what() const noexcept override { throw_logic_error(); }
};

// noexcept, as it must be: std::terminate ends the worker.
TEST_F(ThrownExceptions, AWhatThatThrowsIsACrashOfItsWorker) {
  const auto ref = remote([] { throw TextThrows(); }, {.max_retries = 0})();
  try {
    get(ref);
    FAIL();
  } catch (const WorkerCrashed& error) {
    EXPECT_EQ(error.signal(), SIGABRT);
  }
}

TEST_F(ThrownExceptions, TextsThatAreNotStdExceptionsMayBeNull) {
  for (const auto& ref : {remote([] { throw static_cast<const char*>(nullptr); })(),
                          remote([] { throw nullptr; })()}) {
    EXPECT_THAT(error_of<RuntimeError>(ref).what(), HasSubstr("no std::exception"));
  }
  const auto error = error_of<RuntimeError>(remote([] { throw std::string(1 << 20, 's'); })());
  EXPECT_GT(error.message().size(), std::size_t{1} << 20);
}

// ---- exceptions whose own code fails

void expect_name_and_text(const ObjectRef<void>& ref, const std::string& name) {
  const auto error = error_of<RuntimeError>(ref);
  EXPECT_EQ(error.message(), "what happened") << name;
  EXPECT_THAT(error.type_name(), HasSubstr(name));
}

TEST_F(ThrownExceptions, OneThatCannotBeCarriedKeepsItsNameAndText) {
  expect_name_and_text(remote([] { throw CannotBeReduced("what happened"); })(), "CannotBeReduced");
  expect_name_and_text(remote([] { throw CannotBeReducedOddly("what happened"); })(),
                       "CannotBeReducedOddly");
  expect_name_and_text(remote([] { throw CannotBeRestored("what happened"); })(),
                       "CannotBeRestored");
  expect_name_and_text(remote([] { throw CannotBeCopied("what happened"); })(), "CannotBeCopied");
}

TEST_F(ThrownExceptions, WhatThrowsWhileItIsCopiedIsReplacedByWhatTheCopyThrew) {
  const auto ref = remote([] {
    const CannotBeCopied original("what happened");
    throw original;  // NOLINT: the copy is the point
  })();
  EXPECT_EQ(error_of<std::domain_error>(ref).message(), "not copied");
}

}  // namespace
}  // namespace manta::testing
