// Sessions with a store of 64 MiB that spills into a directory of the test, and has no overflow.
#pragma once
#include <chrono>
#include <cstddef>
#include <filesystem>

#include <manta/manta.h>

#include "../base/file_tree_fixture.h"
#include "cluster_fixture.h"
#include "spilled_files.h"

namespace manta::testing {

class SmallStoreTest : public ClusterTest {
 protected:
  void open_small(double cpus = 2) {
    open({.cpus = cpus,
          .object_store_bytes = std::size_t{64} << 20,
          .spill_dirs = {directory().string()},
          .put_timeout = std::chrono::seconds(10),
          .overflow = false});
  }
  std::filesystem::path directory() const { return tree_.root() / "spill"; }
  StoreStats store() const { return cluster().nodes.at(0).store; }
  std::size_t on_disk() const { return bytes_on_disk(node_pid(), directory()); }
  bool all_gone() const {
    return eventually([&] { return store().spilled + store().used == 0; }) &&
           eventually([&] { return on_disk() == 0; });
  }

  const base::FileTree tree_;
};

}  // namespace manta::testing
