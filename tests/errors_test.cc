// Errors that user code throws in a task: what of them reaches the caller. Those that nobody looks at:
// unseen_errors_test.cc.
#include <any>
#include <filesystem>
#include <functional>
#include <ios>
#include <new>
#include <optional>
#include <stdexcept>
#include <string>
#include <system_error>
#include <typeinfo>
#include <unistd.h>
#include <variant>

#include <gmock/gmock.h>

#include "cluster_fixture.h"

namespace manta::testing {
namespace {

using ::testing::HasSubstr;

class Errors : public ClusterTest {
 protected:
  void SetUp() override {
    ClusterTest::SetUp();
    open();
  }
};

// The error of a ref as an E, which it must be, and a TaskError, and a std::exception, at once.
template <class E, class T>
void expect_error(const ObjectRef<T>& ref, const std::string& message) {
  EXPECT_THROW(get(ref), E);
  EXPECT_THROW(get(ref), TaskErrorOf<E>);
  EXPECT_THROW(get(ref), Error);
  EXPECT_THROW(get(ref), std::exception);
  try {
    get(ref);
  } catch (const TaskError& error) {
    EXPECT_EQ(error.message(), message);
    EXPECT_THAT(error.what(), HasSubstr(message));
    EXPECT_EQ(error.attempt(), 1);
    EXPECT_NE(error.pid(), ::getpid());
    EXPECT_GT(error.pid(), 0);
    EXPECT_FALSE(error.node().is_nil());
  }
}

template <class E>
int throw_text(const std::string& text) {
  throw E(text);
}
template <class E>
int throw_empty() {
  throw E();
}
template <class E>
void expect_with_text() {
  SCOPED_TRACE(typeid(E).name());
  expect_error<E>(remote(throw_text<E>)("what happened"), "what happened");
}
template <class E>
void expect_empty() {
  SCOPED_TRACE(typeid(E).name());
  expect_error<E>(remote(throw_empty<E>)(), E().what());
}

TEST_F(Errors, StandardExceptionsWithAText) {
  expect_with_text<std::logic_error>();
  expect_with_text<std::invalid_argument>();
  expect_with_text<std::domain_error>();
  expect_with_text<std::length_error>();
  expect_with_text<std::out_of_range>();
  expect_with_text<std::runtime_error>();
  expect_with_text<std::range_error>();
  expect_with_text<std::overflow_error>();
  expect_with_text<std::underflow_error>();
}

TEST_F(Errors, StandardExceptionsWithoutOne) {
  expect_empty<std::bad_alloc>();
  expect_empty<std::bad_array_new_length>();
  expect_empty<std::bad_cast>();
  expect_empty<std::bad_typeid>();
  expect_empty<std::bad_any_cast>();
  expect_empty<std::bad_optional_access>();
  expect_empty<std::bad_variant_access>();
  expect_empty<std::bad_function_call>();
  expect_empty<std::bad_weak_ptr>();
  expect_empty<std::bad_exception>();
}

TEST_F(Errors, ErrorCodesTravel) {
  const auto throw_system = [](int code) {
    throw std::system_error(code, std::generic_category(), "opening");
  };
  try {
    get(remote(throw_system)(int(std::errc::permission_denied)));
    FAIL();
  } catch (const std::system_error& error) {
    EXPECT_EQ(error.code(), std::errc::permission_denied);
    EXPECT_EQ(error.code().category(), std::generic_category());
    EXPECT_THAT(dynamic_cast<const TaskError&>(error).message(), HasSubstr("opening: "));
  }
  const auto throw_file = [] { return std::filesystem::file_size("/not/there"); };
  try {
    get(remote(throw_file)());
    FAIL();
  } catch (const std::filesystem::filesystem_error& error) {
    EXPECT_EQ(error.code(), std::errc::no_such_file_or_directory);
    EXPECT_THAT(error.what(), HasSubstr("/not/there"));
  }
  const auto throw_stream = [] { throw std::ios_base::failure("reading", std::io_errc::stream); };
  EXPECT_THROW(get(remote(throw_stream)()), std::ios_base::failure);
}

TEST_F(Errors, ErrorsOfMantaTravelAsWhatTheyAre) {
  EXPECT_THROW(get(remote(throw_text<NotFound>)("x")), NotFound);
  EXPECT_THROW(get(remote([] { throw GetTimeout("late"); })()), TaskErrorOf<GetTimeout>);
}

// ---- types of the user

class Refused : public std::runtime_error {  // registered, with members
 public:
  Refused(const std::string& why, int code, std::vector<std::string> hints)
      : std::runtime_error(why), code_(code), hints_(std::move(hints)) {}
  int code() const { return code_; }
  const std::vector<std::string>& hints() const { return hints_; }
  auto manta_reduce() const { return std::tuple(std::string(what()), code_, hints_); }

 private:
  int code_;
  std::vector<std::string> hints_;
};
struct RefusedTwice : Refused {  // registered too, after its base
  using Refused::Refused;
  auto manta_reduce() const { return std::tuple(std::string(what()), code(), hints()); }
};
struct VeryRefused : RefusedTwice {  // not registered
  using RefusedTwice::RefusedTwice;
};
struct Odd : std::out_of_range {  // not registered
  Odd() : std::out_of_range("odd") {}
};
struct Bare : std::exception {  // no registered base at all
  const char* what() const noexcept override { return "bare"; }
};

const OnStart registration{[] {
  register_exception<RefusedTwice>();
  register_exception<Refused>();
  register_exception<Refused>();
}};

TEST_F(Errors, ARegisteredTypeComesBackWithItsMembers) {
  const auto ref = remote([] { throw Refused("no", 7, {"ask", "again"}); })();
  expect_error<Refused>(ref, "no");
  try {
    get(ref);
  } catch (const Refused& error) {
    EXPECT_EQ(error.code(), 7);
    EXPECT_EQ(error.hints(), (std::vector<std::string>{"ask", "again"}));
    EXPECT_THAT(dynamic_cast<const TaskError&>(error).type_name(), HasSubstr("Refused"));
  }
}

TEST_F(Errors, AnUnregisteredTypeIsItsNearestRegisteredBase) {
  expect_error<RefusedTwice>(remote([] { throw VeryRefused("no", 3, {}); })(), "no");
  expect_error<std::out_of_range>(remote([] { throw Odd(); })(), "odd");
  try {
    get(remote([] { throw Odd(); })());
  } catch (const TaskError& error) {
    EXPECT_THAT(error.type_name(), HasSubstr("Odd"));
  }
  const auto bare = remote([] { throw Bare(); })();
  EXPECT_THROW(get(bare), TaskErrorOf<RuntimeError>);
  EXPECT_THROW(get(bare), std::runtime_error);
}

TEST_F(Errors, WhatIsNoExceptionIsDescribed) {
  struct Odd2 {};
  for (const auto& [ref, words] : std::vector<std::pair<ObjectRef<void>, std::string>>{
           {remote([] { throw 5; })(), "5"},
           {remote([] { throw "some text"; })(), "some text"},
           {remote([] { throw std::string("a string"); })(), "a string"},
           {remote([] { throw Odd2(); })(), "Odd2"}}) {
    try {
      get(ref);
      FAIL();
    } catch (const TaskError& error) {
      EXPECT_THAT(error.what(), HasSubstr(words));
    }
    EXPECT_THROW(get(ref), TaskErrorOf<RuntimeError>);
  }
}

// ---- what is known of an error

int parse(const std::string& text) { return std::stoi(text); }
int add(int a, int b) { return a + b; }
int get_of(const ObjectRef<int>& ref) { return get(ref); }
int total(const std::vector<int>& v) { return int(v.size()); }

TEST_F(Errors, FunctionTypeAndStack) {
  try {
    get(remote(parse)("no number"));
    FAIL();
  } catch (const TaskError& error) {
    EXPECT_THAT(error.function(), ::testing::EndsWith("parse"));
    EXPECT_EQ(error.type_name(), "std::invalid_argument");
    EXPECT_THAT(error.stack(), HasSubstr("parse"));
    EXPECT_THAT(error.what(), HasSubstr(error.stack()));
    EXPECT_THAT(error.what(), HasSubstr(std::to_string(error.pid())));
    EXPECT_EQ(error.node(), cluster().nodes.at(0).id);
    EXPECT_EQ(error.cause(), nullptr);
  }
}

TEST_F(Errors, TheGivenNameStandsForTheFunction) {
  try {
    get(remote(parse, {.name = "read the settings"})("x"));
    FAIL();
  } catch (const TaskError& error) {
    EXPECT_EQ(error.function(), "read the settings");
  }
}

TEST_F(Errors, AFailedTaskDoesNoHarmToTheNext) {
  for (int i = 0; i < 200; ++i) {
    EXPECT_THROW(get(remote(parse)("x")), std::invalid_argument);
    EXPECT_EQ(get(remote(parse)("12")), 12);
  }
}

TEST_F(Errors, OfAChainTheFirstCauseIsSeenWithItsPath) {
  const auto first = remote(parse)("x");
  const auto second = remote(add)(first, 1);
  const auto third = remote(add, {.name = "third"})(1, second);
  expect_error<std::invalid_argument>(third, "stoi");
  try {
    get(third);
  } catch (const TaskError& error) {
    EXPECT_THAT(error.function(), ::testing::EndsWith("parse"));
    EXPECT_THAT(error.what(), HasSubstr("third <- "));
    EXPECT_THAT(error.what(), ::testing::ContainsRegex("third <- .*add <- .*parse"));
  }
}

TEST_F(Errors, AnErrorPassesThroughGetInsideATask) {
  const auto inner = remote(parse)("x");
  try {
    get(remote([](const ObjectRef<int>& ref) { return get_of(ref); },
               {.name = "outer"})(std::vector{inner}[0]));
    FAIL();
  } catch (const std::invalid_argument& error) {
    const auto& task = dynamic_cast<const TaskError&>(error);
    EXPECT_THAT(task.function(), ::testing::EndsWith("parse"));
    EXPECT_EQ(task.message(), "stoi");
    EXPECT_THAT(error.what(), HasSubstr("outer <- "));
  }
}

TEST_F(Errors, OneFailedElementFailsAFanIn) {
  EXPECT_THROW(get(remote(total)(std::vector{put(1), remote(parse)("x"), put(2)})),
               std::invalid_argument);
}

TEST_F(Errors, ANestedExceptionIsTheCause) {
  const auto f = remote([] {
    try {
      throw std::out_of_range("inner");
    } catch (...) {
      std::throw_with_nested(std::runtime_error("outer"));
    }
  });
  try {
    get(f());
    FAIL();
  } catch (const TaskError& error) {
    EXPECT_EQ(error.message(), "outer");
    EXPECT_EQ(error.type_name(), "std::runtime_error");
    EXPECT_THAT(error.what(), HasSubstr("caused by: std::out_of_range: inner"));
    ASSERT_NE(error.cause(), nullptr);
    try {
      std::rethrow_exception(error.cause());
    } catch (const std::out_of_range& cause) {
      EXPECT_THAT(cause.what(), HasSubstr("inner"));
    }
  }
  EXPECT_THROW(get(f()), std::runtime_error);
}

void throw_nested(int depth) {
  if (depth == 0) throw std::out_of_range("innermost");
  try {
    throw_nested(depth - 1);
  } catch (...) {
    std::throw_with_nested(std::runtime_error("level " + std::to_string(depth)));
  }
}

TEST_F(Errors, OfVeryManyCausesTheLastAreLeftOut) {
  const auto message = [](int depth) {
    try {
      get(remote(throw_nested)(depth));
    } catch (const std::runtime_error& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  EXPECT_THAT(message(60), AllOf(HasSubstr("level 60"), HasSubstr("innermost")));
  EXPECT_THAT(message(200), AllOf(HasSubstr("level 200"), HasSubstr("level 137"),
                                  HasSubstr("further causes are left out")));
}

TEST_F(Errors, OfAListTheFirstFailureIsThrown) {
  std::vector<ObjectRef<int>> refs{put(1), remote(parse)("x"), remote(parse)("7")};
  EXPECT_THROW(get(refs), std::invalid_argument);
  EXPECT_THROW(get(refs[0], refs[1]), std::invalid_argument);
  EXPECT_EQ(get(refs[2]), 7);
}

TEST_F(Errors, WaitTakesAFailedOneForReady) {
  const std::vector refs{remote(parse)("x")};
  const auto result = wait(refs, {.num_ready = 1});
  EXPECT_EQ(result.ready.size(), 1u);
  EXPECT_TRUE(refs[0].ready());
  EXPECT_THROW(get(refs), std::invalid_argument);
}

TEST_F(Errors, AnErrorCanBeThrownOnByTheUser) {
  const auto f = remote([] {
    try {
      get(remote(parse)("x"));
    } catch (const std::exception& error) {
      throw std::runtime_error(std::string("wrapped: ") + error.what());
    }
  });
  try {
    get(f());
    FAIL();
  } catch (const std::runtime_error& error) {
    EXPECT_THAT(error.what(), HasSubstr("wrapped: std::invalid_argument: stoi"));
  }
}

TEST_F(Errors, AnArgumentThatCannotBeReadThereIsAnError) {
  const auto ref = put(zeros<double>(2, 2));
  const auto f = remote([](const std::vector<double>& v) { return v.size(); });
  EXPECT_THROW(get(f(ref)), SerializationError);
}

}  // namespace
}  // namespace manta::testing
