// n actors or tasks of 1/n of a resource fill it, and no other fits.
#include <chrono>
#include <string>
#include <vector>

#include <manta/manta.h>

#include "cluster_fixture.h"

namespace manta::testing {
namespace {

struct Worker {
  int number = 0;
  int say() const { return number; }
};

class FractionsTest : public ClusterTest, public ::testing::WithParamInterface<int> {};

// Actors that each take `part`, as many as fit; then another that does not.
void expect_filled_by(const std::vector<ActorOptions>& parts, const std::string& name) {
  std::vector<ActorHandle<Worker>> actors;
  for (const auto& options : parts) actors.push_back(actor<Worker>(options));
  for (const auto& one : actors) get(one.ready());
  EXPECT_EQ(cluster().available.at(name), 0);
  const auto other = actor<Worker>(parts.front());
  EXPECT_THROW(get(other.ready(), std::chrono::milliseconds(1)), GetTimeout);
  actors.erase(actors.begin());
  EXPECT_EQ(get(other.call(&Worker::say)), 0);
}

TEST_P(FractionsTest, ActorsOfOneNthFillOne) {
  const int n = GetParam();
  const auto count = static_cast<std::size_t>(n);
  open({.cpus = 1, .resources = {{"disk", 1}}});
  expect_filled_by(std::vector(count, ActorOptions{.cpus = 1.0 / n}), "CPU");
  expect_filled_by(std::vector(count, ActorOptions{.resources = {{"disk", 1.0 / n}}}), "disk");
}
INSTANTIATE_TEST_SUITE_P(Counts, FractionsTest, ::testing::Values(3, 7, 49));

TEST_F(ClusterTest, MixedFractionsFillAResource) {
  open({.resources = {{"disk", 1}}});
  std::vector<ActorOptions> parts;
  for (const double part : {1.0 / 3, 0.5, 1.0 / 6}) {
    parts.push_back({.resources = {{"disk", part}}});
  }
  expect_filled_by(parts, "disk");
}

int same(int n) { return n; }

TEST_F(ClusterTest, TasksOfOneNthGiveAllBack) {
  open({.cpus = 1, .resources = {{"disk", 1}}});
  for (const int n : {3, 7, 9'999}) {
    const TaskOptions options = {.cpus = 1.0 / 3, .resources = {{"disk", 1.0 / n}}};
    std::vector<ObjectRef<int>> refs;
    for (int i = 0; i < 20; ++i) refs.push_back(remote(same, options)(i));
    EXPECT_EQ(get(refs).back(), 19);
  }
  EXPECT_TRUE(eventually([] { return cluster().available == cluster().total; }));
}

}  // namespace
}  // namespace manta::testing
