// A store of 64 MiB that spills to a disk of 96 MiB (tests/full_disk/run): what happens when that is full or read-only,
// and when it has room again. Nothing is lost, the errors say what is the matter, and few lines do.
#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>
#include <sys/mount.h>
#include <vector>

#include <gmock/gmock.h>

#include <manta/manta.h>

#include "../cluster_fixture.h"

namespace manta::testing {
namespace {

using ::testing::AllOf;
using ::testing::AnyOf;
using ::testing::HasSubstr;
using namespace std::chrono_literals;
namespace fs = std::filesystem;

constexpr std::size_t kMiB = std::size_t{1} << 20;
constexpr std::size_t kCount = 10 * kMiB / sizeof(int);

Array<int> numbers(int n) { return full<int>(kCount, n).freeze(); }
bool are_numbers(const Array<int>& array, int n) {
  return array.size() == kCount && std::ranges::all_of(array, [n](int x) { return x == n; });
}

class FullDisk : public ClusterTest {
 protected:
  // What is captured has a descriptor of its own, which is there before the fixture counts them.
  void SetUp() override {
    ::testing::internal::CaptureStderr();
    ClusterTest::SetUp();
    const char* const disk = std::getenv("MANTA_TEST_DISK");
    ASSERT_NE(disk, nullptr) << "tests/full_disk/run starts this program";
    disk_ = disk;
  }
  void TearDown() override {
    refs_.clear();
    ClusterTest::TearDown();
    const std::string said = ::testing::internal::GetCapturedStderr();
    EXPECT_LE(lines_about_it(said), 2) << said;
    EXPECT_EQ(fs::space(disk_).available, fs::space(disk_).capacity) << "something is left there";
  }

  void open_with(bool overflow) {
    open({.cpus = 2,
          .object_store_bytes = 64 * kMiB,
          .spill_dirs = {disk_.string()},
          .put_timeout = 300ms,
          .overflow = overflow});
  }
  void put_one() { refs_.push_back(put(numbers(static_cast<int>(refs_.size())))); }
  // Puts until that fails, with this error; empty: it does not fail.
  std::string put_until_full() {
    try {
      while (refs_.size() < 100) put_one();
    } catch (const OutOfDisk& error) {
      return error.what();
    }
    return {};
  }
  bool put_works_again() {
    return eventually([&] {
      try {
        put_one();
      } catch (const OutOfDisk&) {  // the disk is left out for some seconds
        return false;
      }
      return true;
    });
  }
  void expect_nothing_lost() {
    for (std::size_t i = 0; i < refs_.size(); ++i) {
      if (!refs_[i]) continue;
      EXPECT_TRUE(are_numbers(get(refs_[i]), static_cast<int>(i))) << i;
    }
  }
  void drop_every_other() {
    for (std::size_t i = 0; i < refs_.size(); i += 2) refs_[i] = {};
  }
  // Before the session ends: lines in the node's log.
  void expect_few_lines_in_log() {
    std::ifstream file(session().directory() / "node.log");
    EXPECT_TRUE(file.is_open());
    const std::string text(std::istreambuf_iterator<char>(file), {});
    EXPECT_LE(std::ranges::count(text, '\n'), 2) << text;
  }
  static std::ptrdiff_t lines_about_it(const std::string& said) {
    std::ptrdiff_t count = 0;
    for (std::size_t at = 0; (at = said.find("manta: ", at)) != std::string::npos; ++at) ++count;
    return count;
  }

  fs::path disk_;
  std::vector<ObjectRef<Array<int>>> refs_;
};

TEST_F(FullDisk, APutThatCannotBeServedSaysSoUntilSomethingIsDropped) {
  open_with(false);
  const std::string error = put_until_full();
  EXPECT_THAT(error, AllOf(HasSubstr(disk_.string()), HasSubstr(" MiB free"),
                           HasSubstr("of 67108864 bytes are in use"), HasSubstr("spill_dirs")));
  EXPECT_GE(refs_.size(), 12U) << "memory and disk were used";
  for (int again = 0; again < 10; ++again) EXPECT_NE(put_until_full(), "");
  drop_every_other();
  EXPECT_TRUE(put_works_again());
  expect_nothing_lost();
  EXPECT_TRUE(put_works_again());
  expect_few_lines_in_log();
}

// What is open for writing cannot be remounted, so that an empty read-only disk is mounted over it: new files are
// refused, those that are open are read.
TEST_F(FullDisk, OnAReadOnlyDiskNothingIsLost) {
  open_with(false);
  for (int i = 0; i < 8; ++i) put_one();
  ASSERT_EQ(::mount("tmpfs", disk_.c_str(), "tmpfs", MS_RDONLY, "size=96m"), 0)
      << std::strerror(errno);
  const std::string error = put_until_full();
  EXPECT_THAT(error, AllOf(HasSubstr(disk_.string()), HasSubstr("Read-only file system")));
  for (int again = 0; again < 10; ++again) EXPECT_NE(put_until_full(), "");
  ASSERT_EQ(::umount2(disk_.c_str(), MNT_DETACH), 0) << std::strerror(errno);
  EXPECT_TRUE(put_works_again());
  EXPECT_TRUE(put_works_again());
  drop_every_other();
  expect_nothing_lost();
  expect_few_lines_in_log();
}

// Another program fills the disk after init: arrays that are held have no room beyond memory.
TEST_F(FullDisk, ArraysThatAreHeldGoOnUntilTheDiskIsFull) {
  open_with(true);
  const fs::path other = disk_ / "other";
  std::ofstream(other) << std::string(60 * kMiB, 'x');
  std::vector<Array<int>> held;
  std::string error;
  try {
    while (held.size() < 30) held.push_back(numbers(static_cast<int>(held.size())));
  } catch (const OutOfDisk& out) {
    error = out.what();
  }
  EXPECT_THAT(error, AllOf(HasSubstr(disk_.string()), HasSubstr(" bytes are free"),
                           HasSubstr("of 67108864 bytes are in use"), HasSubstr("spill_dirs")));
  EXPECT_GT(cluster().nodes.at(0).store.spilled, 0U);
  fs::remove(other);
  EXPECT_TRUE(eventually([&] {
    try {
      held.push_back(numbers(static_cast<int>(held.size())));
    } catch (const OutOfDisk&) {
      return false;
    }
    return true;
  }));
  for (std::size_t i = 0; i < held.size(); ++i) {
    EXPECT_TRUE(are_numbers(held[i], static_cast<int>(i))) << i;
  }
  expect_few_lines_in_log();
}

}  // namespace
}  // namespace manta::testing
