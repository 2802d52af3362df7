// The checks of the fixture see what they claim to see.
#include "cluster_fixture.h"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <unistd.h>
#include <utility>

#include <manta/manta.h>

#include "../base/sanitizers.h"
#include "../objectstore/arena/slab_table.h"
#include "../runtime/process/process.h"
#include "node_records.h"

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

#if !defined(NDEBUG) || defined(MANTA_SANITIZED)
std::string text_of(const std::filesystem::path& file) {
  std::ifstream in(file);
  return {std::istreambuf_iterator<char>(in), {}};
}

TEST_F(ClusterTest, TheNodesEndSaysThatTheStoresAccountsAreWrong) {
  std::filesystem::path directory;
  {
    const Session session = init({.cpus = 1, .object_store_bytes = std::size_t{64} << 20});
    directory = session.directory();
    objectstore::SlabTable table(detail::Process::current("a test").control().store_meta());
    table.pages().set_committed(table.memory_slabs() / 2, 7);
  }
  const auto log = directory / "node.log";
  EXPECT_TRUE(eventually([&] {
    return text_of(log).find("has 7 pages, of 0 that are charged") != std::string::npos;
  })) << text_of(log);
  std::filesystem::remove_all(directory);
  open();  // so that what is left of both is looked for
}
#endif

struct RefKeeper {
  void keep(ObjectRef<int> ref) { ref_ = std::move(ref); }
  void view(ObjectRef<Array<char>> ref) { array_ = get(ref); }
  ObjectRef<int> ref_;
  Array<char> array_;
};

// An int takes no byte of the store.
TEST_F(ClusterTest, SeesARefThatAnActorKeeps) {
  open();
  const detail::NodeRecords before = node_records();
  auto keeper = actor<RefKeeper>();
  get(keeper.call(&RefKeeper::keep, put(5)));
  EXPECT_TRUE(eventually([&] {
    const detail::NodeRecords now = node_records();
    return now.objects == before.objects + 1 && now.actors == before.actors + 1;
  }));
  get(keeper.call(&RefKeeper::keep, ObjectRef<int>()));
  EXPECT_TRUE(eventually([&] { return node_records().objects == before.objects; }));
  keeper = {};
  EXPECT_TRUE(eventually([&] { return node_records() == before; }));
  expect_store_empty();
}

TEST_F(ClusterTest, SeesABlockThatAnActorReads) {
  open();
  const detail::NodeRecords before = node_records();
  auto keeper = actor<RefKeeper>();
  get(keeper.call(&RefKeeper::view, put(zeros<char>(100'000))));
  EXPECT_TRUE(eventually([&] { return node_records().blocks > before.blocks; }));
  keeper = {};
  EXPECT_TRUE(eventually([&] { return node_records() == before; }));
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
