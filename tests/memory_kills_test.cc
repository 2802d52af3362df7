// Tasks that want more memory than their cgroup allows (where this process may make one), and who is to go first.
#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <unistd.h>
#include <vector>

#include <gmock/gmock.h>

#include "../base/cgroups.h"
#include "cluster_fixture.h"

namespace manta::testing {
namespace {

namespace fs = std::filesystem;
using base::Cgroup;
using ::testing::AllOf;
using ::testing::AnyOf;
using ::testing::HasSubstr;
using ::testing::Not;

using namespace std::chrono_literals;

constexpr std::uint64_t kLimit = std::uint64_t{192} << 20;

bool write_to(const fs::path& file, const std::string& text) {
  std::ofstream to(file);
  return static_cast<bool>(to << text << std::flush);
}

// A cgroup below this process's own, which allows little. Empty directory: it could not be made.
class SmallCgroup {
 public:
  SmallCgroup() {
    for (const Cgroup& own : base::cgroups_of("memory")) {
      Cgroup small = own;
      small.directory /= "manta_test_" + std::to_string(::getpid());
      std::error_code error;
      if (!fs::create_directory(small.directory, error)) continue;
      const char* const limit =
          own.version == Cgroup::Version::kTwo ? "memory.max" : "memory.limit_in_bytes";
      if (small.memory_kills() && write_to(small.directory / limit, std::to_string(kLimit))) {
        cgroup_ = small;
        own_ = own.directory;
        return;
      }
      fs::remove(small.directory, error);
    }
  }
  ~SmallCgroup() {
    if (cgroup_.directory.empty()) return;
    leave();
    eventually([&] {
      std::error_code error;
      return fs::remove(cgroup_.directory, error);
    });
  }
  SmallCgroup(const SmallCgroup&) = delete;

  explicit operator bool() const { return !cgroup_.directory.empty(); }
  bool enter() const {
    return write_to(cgroup_.directory / "cgroup.procs", std::to_string(::getpid()));
  }
  bool leave() const { return write_to(own_ / "cgroup.procs", std::to_string(::getpid())); }
  const fs::path& directory() const { return cgroup_.directory; }

 private:
  Cgroup cgroup_;
  fs::path own_;
};

std::size_t fill(std::size_t bytes) {
  std::vector<char> memory(bytes, 'x');
  volatile std::size_t sum = 0;
  for (const char c : memory) sum = sum + static_cast<std::size_t>(c);
  return sum;
}

std::size_t kill_myself() { return static_cast<std::size_t>(::raise(SIGKILL)); }

int oom_score_adj(const std::string& pid) {
  std::ifstream file("/proc/" + pid + "/oom_score_adj");
  int value = -2000;
  file >> value;
  return value;
}

// What the error says.
std::string death_of(const ObjectRef<std::size_t>& ref) {
  try {
    get(ref);
  } catch (const OutOfMemory& error) {
    return error.what();
  } catch (const WorkerCrashed& error) {
    return error.what();
  } catch (const ActorDied& error) {
    return error.what();
  }
  return "it lived";
}

class Hungry {
 public:
  std::size_t fill(std::size_t bytes) { return testing::fill(bytes); }
};

class MemoryKills : public ClusterTest {};

TEST_F(MemoryKills, ATaskThatTheKernelKilledSaysSoAndWhatTheCgroupAllows) {
  const SmallCgroup cgroup;
  if (!cgroup || !cgroup.enter()) GTEST_SKIP() << "no memory cgroup can be made here";
  open({.cpus = 1, .object_store_bytes = 64 << 20});
  ASSERT_TRUE(cgroup.leave()) << "the test itself may use more";
  // Whoever is first: these take memory faster than the node looks.
  const auto says = AllOf(AnyOf(HasSubstr("the kernel killed it because memory ran out"),
                                HasSubstr("the node ended it because memory runs out")),
                          HasSubstr("192 MiB"), HasSubstr(cgroup.directory().filename().string()));
  EXPECT_THAT(death_of(remote(fill, {.max_retries = 0})(2 * kLimit)), says);
  EXPECT_THAT(death_of(remote(fill, {.max_retries = 1})(3 * kLimit)), says);
  EXPECT_THAT(death_of(remote(kill_myself, {.max_retries = 0})()),
              Not(AnyOf(HasSubstr("memory ran out"), HasSubstr("memory runs out"))));
  EXPECT_GT(get(remote(fill)(1000)), 0u) << "the node lives";
  EXPECT_THAT(death_of(actor<Hungry>().call(&Hungry::fill, 2 * kLimit)), says);
  close();  // before the cgroup goes
}

// Takes memory until next to nothing is left in its cgroup, and keeps it.
std::size_t fill_the_cgroup() {
  const std::vector<Cgroup> cgroups = base::cgroups_of("memory");
  const auto small = std::ranges::find(cgroups, std::optional(kLimit), &Cgroup::memory_limit);
  std::vector<std::vector<char>> all;
  while (small->memory_unreclaimable().value() < kLimit / 100 * 97) all.emplace_back(1 << 20, 'x');
  for (;;) ::pause();
}

TEST_F(MemoryKills, TheNodeEndsATaskBeforeTheKernelMust) {
  const SmallCgroup cgroup;
  if (!cgroup || !cgroup.enter()) GTEST_SKIP() << "no memory cgroup can be made here";
  open({.cpus = 1, .object_store_bytes = 32 << 20});
  ASSERT_TRUE(cgroup.leave()) << "the test itself may use more";
  const auto says = AllOf(HasSubstr("the node ended it because memory runs out: of 192 MiB"),
                          HasSubstr(cgroup.directory().filename().string()),
                          HasSubstr("object store"), HasSubstr("worker "), HasSubstr("driver "));
  const auto ref = remote(fill_the_cgroup, {.max_retries = 0})();
  EXPECT_THROW(get(ref), OutOfMemory);
  EXPECT_THAT(death_of(ref), says);
  EXPECT_THAT(death_of(remote(fill_the_cgroup, {.max_retries = 1})()), HasSubstr("attempt 2 of 2"));
  // It is tried again, after some time.
  const auto third_time = [] { return this_task().attempt() < 3 ? fill_the_cgroup() : 3; };
  EXPECT_EQ(get(remote(third_time)()), 3U);
  const auto late = remote(fill_the_cgroup, {.max_retries = -1, .deadline = 2s})();
  EXPECT_THROW(get(late), DeadlineExceeded);
  const auto resting = remote(fill_the_cgroup, {.max_retries = -1})();
  EXPECT_TRUE(eventually([&] { return resting.why().find("tried again") != std::string::npos; }));
  cancel(resting, {.force = true});
  EXPECT_THROW(get(resting), Cancelled);
  close();  // before the cgroup goes
}

TEST_F(MemoryKills, WorkersAreTheFirstToGo) {
  const int ours = oom_score_adj("self");
  open();
  const auto own_score = [] { return oom_score_adj("self"); };
  EXPECT_EQ(get(remote(own_score)()), 1000);
  EXPECT_EQ(oom_score_adj("self"), ours);
  EXPECT_EQ(oom_score_adj(std::to_string(node_pid())), ours);
}

}  // namespace
}  // namespace manta::testing
