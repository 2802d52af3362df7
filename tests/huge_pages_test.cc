// A session where the kernel gives no huge pages: it works with small ones, and node.log says so once.
#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <string>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <vector>

#include <gmock/gmock.h>

#include <manta/manta.h>

#include "../base/cgroups.h"
#include "../runtime/node/memory_ahead.h"
#include "cluster_fixture.h"

namespace manta::testing {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMiB = std::size_t{1} << 20;

class NoHugePages : public ClusterTest {
 protected:
  ~NoHugePages() override { ::prctl(PR_SET_THP_DISABLE, 0, 0, 0, 0); }

  std::vector<std::string> lines() {
    std::vector<std::string> found;
    std::ifstream log(session().directory() / "node.log");
    for (std::string line; std::getline(log, line);) {
      if (line.find("huge page") != std::string::npos) found.push_back(line);
    }
    return found;
  }
  // Of the store, as the node has committed it for processes and ahead of them.
  std::size_t memory() const {
    std::size_t all = 0;
    for (const auto& entry :
         fs::directory_iterator("/proc/" + std::to_string(node_pid()) + "/fd")) {
      std::error_code error;
      struct stat file = {};
      if (fs::read_symlink(entry.path(), error).string().starts_with("/memfd:manta-store") &&
          ::stat(entry.path().c_str(), &file) == 0) {
        all = std::max(all, static_cast<std::size_t>(file.st_blocks) * 512);
      }
    }
    return all;
  }
};

// The node and the workers have the setting from this process.
TEST_F(NoHugePages, OneLineOfNodeLogSaysSo) {
  if (::prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0) != 0) GTEST_SKIP() << "they cannot be turned off";
  if (!detail::node::memory_is_plenty(256 * kMiB, base::cgroups_of("memory"))) {
    GTEST_SKIP() << "memory is scarce here, so that the node commits none itself";
  }
  open({.cpus = 1});
  ASSERT_TRUE(eventually([&] { return !lines().empty(); }));
  // It goes on in steps of 2 MiB, after each of which it looks whether there is something to say.
  EXPECT_TRUE(eventually([&] { return memory() >= 32 * kMiB; }));
  for (int i = 0; i < 4; ++i) {
    const auto large = put(full<char>(50 * kMiB, 'x'));
    EXPECT_EQ(get(large)[50 * kMiB - 1], 'x');
    EXPECT_EQ(get(remote([](const Array<char>& a) { return a[0]; })(large)), 'x');
    EXPECT_EQ(get(remote([] { return full<char>(20 * kMiB, 'y'); })())[5], 'y');
  }
  EXPECT_EQ(lines().size(), 1U) << lines().back();
  EXPECT_THAT(
      lines().front(),
      ::testing::HasSubstr("manta node: the kernel has no huge page for the object store ("));
}

}  // namespace
}  // namespace manta::testing
