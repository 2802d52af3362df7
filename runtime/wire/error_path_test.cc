#include "error_path.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace manta::detail {
namespace {

// The steps from the cause on.
std::string path_of(const std::vector<std::string>& steps) {
  std::string path;
  for (const auto& step : steps) path = with_step(step, path);
  return path;
}

std::string repeated(const std::vector<std::string>& cycle, int times) {
  std::string path;
  for (int i = 0; i < times; ++i) {
    for (const auto& step : cycle) path = with_step(step, path);
  }
  return path;
}

TEST(ErrorPath, NamesTheLastStepFirst) {
  EXPECT_EQ(path_of({"load"}), "load");
  EXPECT_EQ(path_of({"load", "mean"}), "mean <- load");
  EXPECT_EQ(path_of({"a", "b", "c", "d", "e", "f", "g", "h", "i"}),
            "i <- h <- g <- f <- e <- d <- c <- b <- a");
}

TEST(ErrorPath, CountsEqualSteps) {
  EXPECT_EQ(repeated({"chain"}, 500), "chain x 500");
  EXPECT_EQ(path_of({"a", "f", "f", "b", "f", "f", "f"}), "f x 3 <- b <- f x 2 <- a");
}

TEST(ErrorPath, CountsCyclesOfTwoAndThree) {
  EXPECT_EQ(repeated({"b", "a"}, 250), "(a <- b) x 250");
  EXPECT_EQ(repeated({"c", "b", "a"}, 7), "(a <- b <- c) x 7");
  EXPECT_EQ(with_step("b", repeated({"b", "a"}, 20)), "b <- (a <- b) x 20");
  EXPECT_EQ(with_step("x", repeated({"b", "a"}, 2)), "x <- (a <- b) x 2");
}

TEST(ErrorPath, NamesMayLookLikeAnything) {
  const std::string lambda = "(anonymous namespace)::f(int)::{lambda()#1}";
  EXPECT_EQ(repeated({lambda}, 3), lambda + " x 3");
  EXPECT_EQ(repeated({lambda, "g"}, 3), "(g <- " + lambda + ") x 3");
  EXPECT_EQ(path_of({"f x", "f x "}), "f x  <- f x");
  EXPECT_FALSE(path_of({"a <- b", "(", "(a <- b) x ", ") x 3", " x 2", ""}).empty());
}

}  // namespace
}  // namespace manta::detail
