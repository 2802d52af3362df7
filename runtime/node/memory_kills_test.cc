// Made-up trees of /proc and /sys/fs/cgroup, version 1, version 2 and both.
#include "memory_kills.h"

#include <filesystem>
#include <string>

#include <gmock/gmock.h>

#include "../../base/file_tree_fixture.h"
#include "memory_ahead.h"

namespace manta::detail::node {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class Tree : public ::testing::Test {
 protected:
  void SetUp() override {
    machine(0);
    write("proc/meminfo", "MemTotal:       16384 kB\nMemFree:        1 kB\n");
  }

  void write(const std::string& path, const std::string& text) { tree_.write(path, text); }
  void machine(int kills) {
    write("proc/vmstat", "nr_free_pages 5\noom_kill " + std::to_string(kills) + "\npgfault 9\n");
  }
  void two(const std::string& cgroup, int kills, const std::string& limit) {
    write(
        "sys/fs/cgroup" + cgroup + "/memory.events",
        "low 0\nhigh 3\nmax 7\noom 9\noom_kill " + std::to_string(kills) + "\noom_group_kill 4\n");
    write("sys/fs/cgroup" + cgroup + "/memory.max", limit + "\n");
  }
  void one(const std::string& cgroup, int kills, const std::string& limit) {
    const std::string directory = "sys/fs/cgroup/memory" + cgroup;
    write(directory + "/memory.oom_control",
          "oom_kill_disable 0\nunder_oom 0\noom_kill " + std::to_string(kills) + "\n");
    write(directory + "/memory.limit_in_bytes", limit + "\n");
  }
  void mounted_two(const std::string& own, const std::string& mount_root = "/") {
    write("proc/self/cgroup", "0::" + own + "\n");
    write("proc/self/mountinfo",
          "22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n"
          "31 22 0:28 " +
              mount_root +
              " /sys/fs/cgroup rw,nosuid shared:9 master:2 - cgroup2 cgroup2 rw,nsdelegate\n");
  }
  void mounted_one(const std::string& own, const std::string& mount_root = "/") {
    write("proc/self/cgroup", "5:cpu,cpuacct:/x\n4:hugetlb,memory:" + own + "\n0::/\n");
    write("proc/self/mountinfo",
          "34 31 0:31 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu,cpuacct\n"
          "35 31 0:32 " +
              mount_root +
              " /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,hugetlb,memory\n");
  }

  const base::FileTree tree_;
  const fs::path& root_ = tree_.root();
};

constexpr std::uint64_t kMiB = 1 << 20;

TEST_F(Tree, MemoryIsPlentyUntilHalfOfWhatAnyCgroupAllowsIsUsed) {
  mounted_two("/job/step");
  two("/job", 0, std::to_string(100 * kMiB));
  two("/job/step", 0, "max");
  write("proc/meminfo", "MemTotal: 1048576 kB\nMemAvailable: 1048576 kB\n");
  write("sys/fs/cgroup/job/step/memory.current", std::to_string(900 * kMiB) + "\n");
  write("sys/fs/cgroup/job/memory.current", std::to_string(48 * kMiB) + "\n");
  const auto cgroups = base::cgroups_of("memory", root_);
  EXPECT_TRUE(memory_is_plenty(2 * kMiB, cgroups, root_));
  EXPECT_FALSE(memory_is_plenty(3 * kMiB, cgroups, root_));
  write("sys/fs/cgroup/job/memory.current", std::to_string(99 * kMiB) + "\n");
  EXPECT_FALSE(memory_is_plenty(2 * kMiB, cgroups, root_));
}

TEST_F(Tree, MemoryIsPlentyInVersionOneToo) {
  mounted_one("/job");
  one("/job", 0, std::to_string(100 * kMiB));
  write("sys/fs/cgroup/memory/job/memory.usage_in_bytes", std::to_string(49 * kMiB) + "\n");
  EXPECT_TRUE(memory_is_plenty(kMiB, base::cgroups_of("memory", root_), root_));
  EXPECT_FALSE(memory_is_plenty(2 * kMiB, base::cgroups_of("memory", root_), root_));
}

TEST_F(Tree, MemoryIsPlentyUntilHalfOfTheMachineIsUsed) {
  write("proc/meminfo", "MemTotal: 1048576 kB\nMemFree: 1 kB\nMemAvailable: 526336 kB\n");
  EXPECT_TRUE(memory_is_plenty(2 * kMiB, {}, root_));
  EXPECT_FALSE(memory_is_plenty(3 * kMiB, {}, root_));
}

TEST_F(Tree, VersionTwoNamesTheTightestLimitAboveIt) {
  mounted_two("/user/job/step");
  two("/user", 0, "4194304");
  two("/user/job", 0, "2097152");
  two("/user/job/step", 0, "max");
  MemoryKills kills(root_);
  EXPECT_THAT(kills.explain_kill(), IsEmpty());
  two("/user", 1, "4194304");
  two("/user/job", 1, "2097152");
  two("/user/job/step", 1, "max");
  machine(1);
  EXPECT_THAT(
      kills.explain_kill(),
      AllOf(HasSubstr("the kernel killed it because memory ran out"), Not(HasSubstr("likely")),
            HasSubstr("cgroup /user/job allows 2097152 bytes (2 MiB)"),
            HasSubstr("/sys/fs/cgroup/user/job/memory.max")));
  EXPECT_THAT(kills.explain_kill(), IsEmpty()) << "one kill explains one death";
}

TEST_F(Tree, TwoKillsExplainTwoDeaths) {
  mounted_two("/a");
  two("/a", 3, "max");
  MemoryKills kills(root_);
  two("/a", 5, "1048576");  // a limit that was set meanwhile
  EXPECT_THAT(kills.explain_kill(), HasSubstr("cgroup /a allows 1048576 bytes"));
  EXPECT_THAT(kills.explain_kill(), HasSubstr("cgroup /a allows 1048576 bytes"));
  EXPECT_THAT(kills.explain_kill(), IsEmpty());
}

TEST_F(Tree, VersionOneCountsInTheOwnCgroup) {
  mounted_one("/docker/abc");
  one("", 0, "9223372036854771712");
  one("/docker", 0, "8388608");
  one("/docker/abc", 2, "9223372036854771712");
  MemoryKills kills(root_);
  one("/docker/abc", 3, "9223372036854771712");
  EXPECT_THAT(kills.explain_kill(), AllOf(HasSubstr("cgroup /docker allows 8388608 bytes (8 MiB)"),
                                          HasSubstr("memory.limit_in_bytes")));
}

TEST_F(Tree, AContainerThatSeesOnlyItsPartOfTheTree) {
  mounted_one("/docker/abc", "/docker/abc");
  one("", 0, "3145728");
  MemoryKills kills(root_);
  one("", 1, "3145728");
  EXPECT_THAT(kills.explain_kill(), HasSubstr("cgroup /docker/abc allows 3145728 bytes"));
  mounted_two("/", "/../..");
  two("", 0, "2097152");
  MemoryKills others(root_);
  two("", 1, "2097152");
  EXPECT_THAT(others.explain_kill(), HasSubstr("cgroup / allows 2097152 bytes"));
}

TEST_F(Tree, OfTheMachineWhenNoCgroupAllowsLess) {
  mounted_two("/a");
  two("/a", 0, "1000000000000");
  MemoryKills kills(root_);
  two("/a", 1, "1000000000000");
  EXPECT_THAT(kills.explain_kill(), HasSubstr("the machine has 16777216 bytes (16 MiB)"));
}

TEST_F(Tree, WithoutCgroupsTheMachinesCountMakesItLikely) {
  MemoryKills kills(root_);
  EXPECT_THAT(kills.explain_kill(), IsEmpty());
  machine(1);
  EXPECT_THAT(kills.explain_kill(), HasSubstr("most likely"));
}

TEST_F(Tree, WhatMakesNoSenseIsNoKill) {
  write("proc/vmstat", "oom_kill\noom_kill x\n");
  write("proc/self/cgroup", "nonsense\n0::/a\n:::\n");
  write("proc/self/mountinfo", "\n1 2 3\n31 22 0:28 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n");
  write("sys/fs/cgroup/a/memory.events", "oom_kill\n");
  write("sys/fs/cgroup/a/memory.max", "many\n");
  MemoryKills kills(root_);
  EXPECT_THAT(kills.explain_kill(), IsEmpty());
  fs::remove_all(root_);
  EXPECT_THAT(kills.explain_kill(), IsEmpty());
  EXPECT_THAT(MemoryKills(root_).explain_kill(), IsEmpty());
}

}  // namespace
}  // namespace manta::detail::node
