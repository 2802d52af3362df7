#include "error.h"

#include <optional>
#include <stdexcept>
#include <type_traits>

#include <gtest/gtest.h>

namespace manta {
namespace {

TaskErrorInfo sample() {
  return {.function = "divide",
          .type_name = "std::invalid_argument",
          .message = "by zero",
          .stack = "#0 divide",
          .node = NodeId(1, 2),
          .pid = 42,
          .attempt = 3};
}

template <class Caught, class Thrown>
std::string text_when_caught_as(const Thrown& error) {
  try {
    throw error;
  } catch (const Caught& e) {
    return e.what();
  }
}

TEST(Error, RuntimeErrorIsCaughtAsStandardAndAsMantaError) {
  const GetTimeout error("waited 5 s");
  EXPECT_EQ(text_when_caught_as<std::exception>(error), "waited 5 s");
  EXPECT_EQ(text_when_caught_as<Error>(error), "waited 5 s");
  EXPECT_EQ(text_when_caught_as<std::runtime_error>(error), "waited 5 s");
}

TEST(Error, TaskErrorIsCaughtAsTheUsersType) {
  const TaskErrorOf<std::invalid_argument> error(std::invalid_argument("by zero"), sample());
  const std::string text = text_when_caught_as<std::invalid_argument>(error);
  EXPECT_EQ(text_when_caught_as<std::exception>(error), text);
  EXPECT_EQ(text_when_caught_as<Error>(error), text);
  for (const char* part : {"by zero", "divide", "attempt 3", "pid 42", "#0 divide"}) {
    EXPECT_NE(text.find(part), std::string::npos) << part << " is missing in: " << text;
  }
}

TEST(Error, TaskErrorOfOurOwnTypeHasOneBaseOfEachKind) {
  const TaskErrorOf<ReadOnlyWrite> error(ReadOnlyWrite("read-only"), sample());
  EXPECT_FALSE(text_when_caught_as<std::exception>(error).empty());
  EXPECT_FALSE(text_when_caught_as<RuntimeError>(error).empty());
  EXPECT_FALSE(text_when_caught_as<TaskError>(error).empty());
}

TEST(Error, TaskErrorKeepsItsFieldsThroughCopies) {
  std::optional<TaskErrorOf<std::runtime_error>> first;
  first.emplace(std::runtime_error("x"), sample());
  const auto second = *first;
  first.reset();
  EXPECT_EQ(second.function(), "divide");
  EXPECT_EQ(second.message(), "by zero");
  EXPECT_EQ(second.node(), NodeId(1, 2));
  EXPECT_EQ(second.cause(), nullptr);
  static_assert(std::is_nothrow_copy_constructible_v<WorkerCrashed>);
}

TEST(Error, WorkerCrashedTellsSignalAndStack) {
  const WorkerCrashed error("killed", 9, "#0 main");
  EXPECT_EQ(error.signal(), 9);
  EXPECT_EQ(error.stack(), "#0 main");
  EXPECT_EQ(WorkerCrashed("exit(3)").signal(), 0);
  EXPECT_EQ(WorkerCrashed("exit(3)").stack(), "");
}

}  // namespace
}  // namespace manta
