// Made-up trees of /proc and /sys/fs/cgroup: version 1, version 2 and both, seen from the machine, from a container and
// from a namespace.
#include "cgroups.h"

#include <filesystem>
#include <string>
#include <vector>

#include <gmock/gmock.h>

#include "file_tree_fixture.h"

namespace manta::base {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::Eq;
using ::testing::IsEmpty;
using ::testing::Optional;

constexpr std::uint64_t kMiB = 1 << 20;

class Cgroups : public ::testing::Test {
 protected:
  void SetUp() override {
    write("proc/meminfo", "MemTotal:       1048576 kB\nMemFree:        1 kB\n");
    write("proc/self/stat", "4711 (a program) S 1\n");
  }

  void write(const std::string& path, const std::string& text) { tree_.write(path, text); }
  void in(const std::string& lines) { write("proc/self/cgroup", lines); }
  // Each as "ROOT POINT - TYPE SOURCE OPTIONS".
  void mounts(const std::vector<std::string>& mounts) {
    std::string text = "22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n";
    for (const std::string& mount : mounts) {
      const auto dash = mount.find(" - ");
      text +=
          "31 22 0:28 " + mount.substr(0, dash) + " rw,nosuid shared:9" + mount.substr(dash) + "\n";
    }
    write("proc/self/mountinfo", text);
  }
  std::vector<std::string> places_of(std::string_view controller) {
    std::vector<std::string> places;
    for (const Cgroup& cgroup : cgroups_of(controller, root_)) {
      places.push_back(cgroup.directory.lexically_relative(root_).string());
    }
    return places;
  }

  const FileTree tree_;
  const fs::path& root_ = tree_.root();
};

const std::string kTwo = "/ /sys/fs/cgroup - cgroup2 cgroup2 rw";
const std::string kMemoryOne = "/ /sys/fs/cgroup/memory - cgroup cgroup rw,memory";
const std::string kCpuOne = "/ /sys/fs/cgroup/cpu,cpuacct - cgroup cgroup rw,cpu,cpuacct";

TEST_F(Cgroups, VersionTwoSeenFromTheMachineHasTheLimitsOfTheServiceAndOfWhatIsAboveIt) {
  in("0::/system.slice/job.service\n");
  mounts({kTwo});
  write("sys/fs/cgroup/system.slice/memory.max", "805306368\n");
  write("sys/fs/cgroup/system.slice/job.service/memory.max", "max\n");
  write("sys/fs/cgroup/system.slice/cpu.max", "max 100000\n");
  write("sys/fs/cgroup/system.slice/job.service/cpu.max", "150000 100000\n");
  EXPECT_THAT(places_of("memory"), ElementsAre("sys/fs/cgroup/system.slice/job.service",
                                               "sys/fs/cgroup/system.slice", "sys/fs/cgroup"));
  EXPECT_EQ(usable_memory(root_), 768 * kMiB);
  EXPECT_THAT(cpu_limit(root_), Optional(Eq(1.5)));
}

TEST_F(Cgroups, ANamespaceOfCgroupsHasTheLimitsOfItsRoot) {
  in("0::/\n");
  mounts({kTwo});
  write("sys/fs/cgroup/memory.max", "536870912\n");
  write("sys/fs/cgroup/cpu.max", "25000 100000\n");
  EXPECT_EQ(usable_memory(root_), 512 * kMiB);
  EXPECT_THAT(cpu_limit(root_), Optional(Eq(0.25)));
}

TEST_F(Cgroups, ANamespaceThatSeesAnOlderMountIsFoundInItByItsMembers) {
  in("0::/step\n");
  mounts({"/../.. /sys/fs/cgroup - cgroup2 cgroup2 rw"});
  write("sys/fs/cgroup/a/x/step/cgroup.procs", "12\n4712\n");
  write("sys/fs/cgroup/a/memory.max", "1048576\n");
  write("sys/fs/cgroup/b/memory.max", "268435456\n");
  write("sys/fs/cgroup/b/y/memory.max", "max\n");
  write("sys/fs/cgroup/b/y/step/cgroup.procs", "471\n4711\n");
  EXPECT_EQ(usable_memory(root_), 256 * kMiB);
  write("sys/fs/cgroup/b/y/step/cgroup.procs", "");
  EXPECT_THAT(places_of("memory"), ElementsAre("sys/fs/cgroup")) << "the best guess";
}

TEST_F(Cgroups, AProcessOutsideItsNamespaceHasNoLimitsOfStrangers) {
  in("0::/../other\n");
  mounts({kTwo});
  write("sys/fs/other/memory.max", "1048576\n");
  EXPECT_THAT(places_of("memory"), ElementsAre("sys/fs/cgroup"));
}

TEST_F(Cgroups, VersionOneHasATreeForEachController) {
  in("7:cpu,cpuacct:/a\n5:memory:/b/c\n3:pids:/d\n1:name=systemd:/e\n0::/f\n");
  mounts({kMemoryOne, kCpuOne, "/ /sys/fs/cgroup/pids - cgroup cgroup rw,pids",
          "/ /sys/fs/cgroup/unified - cgroup2 cgroup2 rw"});
  write("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
  write("sys/fs/cgroup/memory/b/memory.limit_in_bytes", "134217728\n");
  write("sys/fs/cgroup/memory/b/c/memory.limit_in_bytes", "9223372036854771712\n");
  write("sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us", "-1\n");
  write("sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us", "100000\n");
  write("sys/fs/cgroup/cpu,cpuacct/a/cpu.cfs_quota_us", "250000\n");
  write("sys/fs/cgroup/cpu,cpuacct/a/cpu.cfs_period_us", "100000\n");
  EXPECT_EQ(usable_memory(root_), 128 * kMiB);
  EXPECT_THAT(cpu_limit(root_), Optional(Eq(2.5)));
  EXPECT_THAT(places_of("pids"), ElementsAre("sys/fs/cgroup/unified/f", "sys/fs/cgroup/unified",
                                             "sys/fs/cgroup/pids/d", "sys/fs/cgroup/pids"));
}

TEST_F(Cgroups, AContainerSeesItsPartOfTheTreeUnderAnotherPath) {
  in("5:memory:/docker/abc/x\n4:cpu,cpuacct:/docker/abc\n");
  mounts({"/docker/other /mnt/other - cgroup cgroup rw,memory",
          "/docker/abc /sys/fs/cgroup/memory - cgroup cgroup rw,memory",
          "/docker/abc /sys/fs/cgroup/my\\040cpu - cgroup cgroup rw,cpu,cpuacct"});
  write("mnt/other/memory.limit_in_bytes", "1048576\n");
  write("sys/fs/cgroup/memory/memory.limit_in_bytes", "67108864\n");
  write("sys/fs/cgroup/my cpu/cpu.cfs_quota_us", "50000\n");
  write("sys/fs/cgroup/my cpu/cpu.cfs_period_us", "100000\n");
  EXPECT_EQ(usable_memory(root_), 64 * kMiB);
  EXPECT_THAT(cpu_limit(root_), Optional(Eq(0.5)));
}

TEST_F(Cgroups, AContainerWhoseHostPathIsNotMountedHasTheLimitOfWhatIs) {
  in("5:memory:/kubepods/pod1/c\n");
  mounts({kMemoryOne});
  write("sys/fs/cgroup/memory/memory.limit_in_bytes", "67108864\n");
  EXPECT_EQ(usable_memory(root_), 64 * kMiB);
}

TEST_F(Cgroups, VersionOneSaysWhatGroupsAboveAllowThatAreNotSeen) {
  in("5:memory:/\n");
  mounts({kMemoryOne});
  write("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
  write("sys/fs/cgroup/memory/memory.stat", "cache 1\nhierarchical_memory_limit 33554432\nrss 2\n");
  EXPECT_EQ(usable_memory(root_), 32 * kMiB);
  EXPECT_EQ(cgroups_of("memory", root_).front().memory_limit_file().filename(), "memory.stat");
}

TEST_F(Cgroups, NothingAllowsMoreThanTheMachineHas) {
  in("0::/\n");
  mounts({kTwo});
  write("sys/fs/cgroup/memory.max", "1099511627776\n");
  EXPECT_EQ(usable_memory(root_), 1024 * kMiB);
}

TEST_F(Cgroups, WhatMakesNoSenseIsNoLimit) {
  EXPECT_THAT(places_of("memory"), IsEmpty());
  in("nonsense\n0::\n0::/a\n:::\n");
  mounts({"/ /x - tmpfs tmpfs rw", "/ /sys - cgroup2", kTwo});
  for (const char* text :
       {"", "many\n", "-5 100000\n", "0 0\n", "100000\n", "1 0\n", "0 100000\n"}) {
    write("sys/a/cpu.max", text);
    write("sys/a/memory.max", std::string("x") + text);
    EXPECT_EQ(cpu_limit(root_), std::nullopt) << text;
    EXPECT_EQ(usable_memory(root_), 1024 * kMiB) << text;
  }
}

}  // namespace
}  // namespace manta::base
