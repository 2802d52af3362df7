#include "inspect.h"

#include <array>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace {

struct Step {
  int n;
  std::mutex lock;
  int* raw;
};
struct Job {
  std::string name;
  std::map<std::string, std::vector<Step>> steps;
  std::function<void()> done;
};
struct Locks {
  std::mutex grid[2][3];
  std::array<Step, 4> row;
};
struct Never {
  int x = 0;
  explicit Never(int) {}
};
struct Tree {
  std::vector<Tree> children;
};

}  // namespace

template <>
inline constexpr bool manta::dynamic_serializer<Never> = true;

namespace manta {
namespace {

using testing::HasSubstr;

TEST(Inspect, NamesEveryFailingMemberWithPathTypeParentAndReason) {
  const auto report = inspect_serializability<Job>("job");
  EXPECT_FALSE(report.serializable);
  ASSERT_EQ(report.failures.size(), 3u);
  EXPECT_EQ(report.failures[0].path, "job.steps[][].lock");
  EXPECT_THAT(report.failures[0].type, HasSubstr("std::mutex"));
  EXPECT_THAT(report.failures[0].parent, HasSubstr("Step"));
  EXPECT_THAT(report.failures[0].why, HasSubstr("actor"));
  EXPECT_EQ(report.failures[1].path, "job.steps[][].raw");
  EXPECT_EQ(report.failures[2].path, "job.done");
  EXPECT_THAT(report.failures[2].why, HasSubstr("RemoteFunction"));
  EXPECT_THAT(report.text, HasSubstr("job.steps[][].lock"));
}

TEST(Inspect, ElementsOfArraysAreInThePath) {
  const auto report = inspect_serializability<Locks>("locks");
  ASSERT_EQ(report.failures.size(), 3u);
  EXPECT_EQ(report.failures[0].path, "locks.grid[][]");
  EXPECT_EQ(report.failures[1].path, "locks.row[].lock");
  EXPECT_THAT(report.failures[1].parent, HasSubstr("Step"));
}

TEST(Inspect, ValuesAndRecursiveTypes) {
  EXPECT_TRUE(inspect_serializability(5).serializable);
  EXPECT_TRUE(inspect_serializability(Tree(), "tree").serializable);
  EXPECT_TRUE(inspect_serializability<std::vector<int>>().failures.empty());
}

TEST(Inspect, AValueIsTried) {
  const auto report = inspect_serializability(std::vector<Never>(1, Never(1)), "list");
  EXPECT_FALSE(report.serializable);
  EXPECT_THAT(report.failures.at(0).why, HasSubstr("register_serializer"));
}

TEST(Inspect, AClosure) {
  int local = 0;
  const auto by_reference = [&local] { return local; };
  const auto by_value = [local] { return local; };
  EXPECT_THAT(inspect_serializability(by_reference, "f").failures.at(0).why,
              HasSubstr("hold an address"));
  const auto report = inspect_serializability(by_value, "f");
  EXPECT_TRUE(report.serializable);
  EXPECT_THAT(report.text, HasSubstr("manta::capture"));
}

}  // namespace
}  // namespace manta
