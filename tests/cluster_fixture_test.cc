// The checks of the fixture see what they claim to see.
#include "cluster_fixture.h"

#include <string>
#include <unistd.h>

#include <manta/manta.h>

namespace manta::testing {
namespace {

int add(int a, int b) { return a + b; }
int own_pid() { return ::getpid(); }

TEST_F(ClusterTest, RunsATaskInAnotherProcess) {
  open();
  EXPECT_EQ(get(remote(add)(1, 2)), 3);
  EXPECT_NE(get(remote(own_pid)()), ::getpid());
}

TEST_F(ClusterTest, TwoSessionsAfterEachOther) {
  open();
  EXPECT_EQ(get(remote(add)(1, 2)), 3);
  close();
  open();
  EXPECT_EQ(get(remote(add)(3, 4)), 7);
}

TEST_F(ClusterTest, SeesItsProcesses) {
  open();
  const auto worker = std::to_string(get(remote(own_pid)())) + " (";
  bool node_seen = false, worker_seen = false;
  for (const auto& process : processes_of(node_pid())) {
    node_seen |= process.starts_with(std::to_string(node_pid()) + " (");
    worker_seen |= process.starts_with(worker);
  }
  EXPECT_TRUE(node_seen);
  EXPECT_TRUE(worker_seen);
}

TEST_F(ClusterTest, SeesBytesInTheStore) {
  open();
  const auto before = store_bytes_used();
  auto ref = put(zeros<double>(1 << 16));
  EXPECT_GE(store_bytes_used(), before + (1 << 19));
  ref = {};
  expect_store_empty();
}

TEST_F(ClusterTest, SeesDescriptorsAndMappings) {
  const auto before = Footprint::now();
  open();
  const auto during = Footprint::now();
  EXPECT_GT(during.descriptors.size(), before.descriptors.size());
  EXPECT_GT(during.mappings.size(), before.mappings.size());
  EXPECT_GT(during.threads, before.threads);
}

TEST_F(ClusterTest, ArraysOutliveTheirSession) {
  arrays_outlive_the_session();
  store_is_not_checked();
  open();
  const auto array = get(put(arange<double>(100'000)));
  close();
  EXPECT_EQ(array[99'999], 99'999.0);
}

}  // namespace
}  // namespace manta::testing
