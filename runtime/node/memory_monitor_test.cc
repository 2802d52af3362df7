#include "memory_monitor.h"

#include <string>
#include <unistd.h>
#include <vector>

#include <gmock/gmock.h>

#include "../../base/file_tree_fixture.h"

namespace manta::detail::node {
namespace {

using ::testing::HasSubstr;
using Work = MemoryMonitor::Work;
using Worker = MemoryMonitor::Worker;

constexpr std::uint64_t kMiB = 1 << 20;

class MemoryMonitorTest : public ::testing::Test {
 protected:
  void write(const std::string& path, const std::string& text) { tree_.write(path, text); }
  // A machine of 1000 MiB.
  void machine_has(std::uint64_t available_mib) {
    write("proc/meminfo", "MemTotal: " + std::to_string(1000 * 1024) + " kB\nMemAvailable: " +
                              std::to_string(available_mib * 1024) + " kB\n");
  }
  void process_has(pid_t pid, std::uint64_t private_mib, std::uint64_t shared_mib = 0) {
    const std::uint64_t pages = kMiB / static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
    write("proc/" + std::to_string(pid) + "/statm",
          "99999 " + std::to_string((private_mib + shared_mib) * pages) + " " +
              std::to_string(shared_mib * pages) + " 1 0 1 0\n");
  }
  MemoryMonitor monitor(std::vector<Worker> workers) {
    return MemoryMonitor({.workers = [workers] { return workers; },
                          .store_bytes = [] { return 7 * kMiB; },
                          .drivers = [] { return std::vector<pid_t>{100}; }},
                         tree_.root());
  }

 private:
  base::FileTree tree_;
};

TEST_F(MemoryMonitorTest, EndsNobodyWhileThereIsMemory) {
  machine_has(60);
  process_has(1, 500);
  auto monitor = this->monitor({{.slot = 2, .pid = 1, .work = Work::kTriedAgain}});
  EXPECT_FALSE(monitor.look());
  EXPECT_EQ(monitor.look_after().count(), 20);
  machine_has(500);
  EXPECT_FALSE(monitor.look());
  EXPECT_EQ(monitor.look_after().count(), 500);
}

TEST_F(MemoryMonitorTest, LooksLessOftenWhereMuchIsFreeOfEveryLimit) {
  const auto after = [this] {
    auto monitor = this->monitor({});
    EXPECT_FALSE(monitor.look());
    return monitor.look_after().count();
  };
  const auto machine = [this](std::uint64_t available_gib) {
    write("proc/meminfo", "MemTotal: " + std::to_string(64 << 20) + " kB\nMemAvailable: " +
                              std::to_string(available_gib << 20) + " kB\n");
  };
  machine(60);
  EXPECT_EQ(after(), 2000);
  write("proc/self/cgroup", "0::/small\n");
  write("proc/self/mountinfo", "1 1 0:1 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n");
  write("sys/fs/cgroup/small/memory.max", std::to_string(1 << 30) + "\n");
  write("sys/fs/cgroup/small/memory.current", std::to_string(10 << 20) + "\n");
  write("sys/fs/cgroup/small/memory.stat", "inactive_file 0\nactive_file 0\n");
  EXPECT_EQ(after(), 500) << "its cgroup has 1 GiB, of which it uses 1 %";
  write("sys/fs/cgroup/small/memory.max", std::to_string(std::uint64_t{6} << 30) + "\n");
  EXPECT_GT(after(), 1000);
  EXPECT_LT(after(), 2000);
}

TEST_F(MemoryMonitorTest, EndsTheNewestOfTheLargeOnesThatAreTriedAgain) {
  machine_has(40);
  for (const pid_t pid : {1, 2, 3, 4, 5}) process_has(pid, pid == 4 ? 40 : 100, 300);
  process_has(100, 10);
  auto monitor = this->monitor({{.slot = 1, .pid = 1, .work = Work::kTriedAgain, .number = 1},
                                {.slot = 2, .pid = 2, .work = Work::kTriedAgain, .number = 2},
                                {.slot = 3, .pid = 3, .work = Work::kLastAttempt, .number = 3},
                                {.slot = 4, .pid = 4, .work = Work::kTriedAgain, .number = 4},
                                {.slot = 5, .pid = 5, .work = Work::kActor, .number = 5}});
  const auto choice = monitor.look();
  ASSERT_TRUE(choice);
  EXPECT_EQ(choice->slot, 2);
  EXPECT_THAT(choice->why, HasSubstr("of 1000 MiB, which the machine has, 960 MiB are in use: "
                                     "object store 7 MiB, driver 10 MiB, worker 1 100 MiB"));
  EXPECT_FALSE(monitor.look()) << "until its memory is back";
  monitor.process_died(1);
  EXPECT_FALSE(monitor.look());
  monitor.process_died(2);
  EXPECT_TRUE(monitor.look());
}

TEST_F(MemoryMonitorTest, IdleWorkersGoFirstAndActorsLast) {
  machine_has(10);
  for (const pid_t pid : {1, 2, 3, 4}) process_has(pid, 100);
  std::vector<Worker> workers = {{.slot = 1, .pid = 1, .work = Work::kActor},
                                 {.slot = 2, .pid = 2, .work = Work::kLastAttempt},
                                 {.slot = 3, .pid = 3, .work = Work::kTriedAgain},
                                 {.slot = 4, .pid = 4, .work = Work::kIdle}};
  for (const rpc::Slot next : std::initializer_list<rpc::Slot>{4, 3, 2, 1}) {
    const auto choice = monitor(workers).look();
    ASSERT_TRUE(choice);
    EXPECT_EQ(choice->slot, next);
    workers.pop_back();
  }
  EXPECT_FALSE(monitor(workers).look());
}

TEST_F(MemoryMonitorTest, EndsNobodyWhoseEndWouldNotHelp) {
  machine_has(10);
  process_has(1, 24);
  EXPECT_FALSE(monitor({{.slot = 1, .pid = 1, .work = Work::kTriedAgain}}).look());
  process_has(1, 26);
  EXPECT_TRUE(monitor({{.slot = 1, .pid = 1, .work = Work::kTriedAgain}}).look());
}

TEST_F(MemoryMonitorTest, ACgroupCountsWithoutWhatCanBeReclaimed) {
  machine_has(900);
  write("proc/self/cgroup", "0::/job\n");
  write("proc/self/mountinfo", "30 23 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n");
  const std::string job = "sys/fs/cgroup/job/";
  write(job + "memory.max", std::to_string(200 * kMiB) + "\n");
  write(job + "memory.current", std::to_string(199 * kMiB) + "\n");
  write(job + "memory.stat", "anon 1\ninactive_file " + std::to_string(20 * kMiB) +
                                 "\nactive_file " + std::to_string(10 * kMiB) + "\n");
  process_has(1, 100);
  const std::vector<Worker> workers = {{.slot = 1, .pid = 1, .work = Work::kTriedAgain}};
  EXPECT_FALSE(monitor(workers).look());
  write(job + "memory.stat", "anon 1\ninactive_file 0\nactive_file 0\n");
  const auto choice = monitor(workers).look();
  ASSERT_TRUE(choice);
  EXPECT_THAT(choice->why, HasSubstr("of 200 MiB, which its cgroup /job allows, 199 MiB"));
}

}  // namespace
}  // namespace manta::detail::node
