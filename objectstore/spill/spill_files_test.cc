#include "spill_files.h"

#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <fcntl.h>
#include <random>
#include <set>
#include <sys/resource.h>
#include <sys/stat.h>
#include <system_error>
#include <thread>
#include <unistd.h>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <tbb/info.h>

#include "../../base/error.h"
#include "../../base/file_tree_fixture.h"
#include "../../base/sanitizers.h"

namespace manta::objectstore {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

using Object = std::vector<std::byte>;
constexpr std::size_t kMiB = std::size_t{1} << 20;

// A disk that fails on demand, and remembers in which directories it has made files.
class TestDisk final : public Disk {
 public:
  File create(const std::filesystem::path& directory) override {
    tried.push_back(directory.filename());
    if (directory.filename() == fails_in) fail("open");
    File file = Disk::create(directory);
    file.direct = file.direct || says_direct;
    direct = file.direct;
    last = ::dup(file.fd.get());
    lasts.emplace_back(last);
    return file;
  }
  void write(const File& file, std::span<const std::byte> from, std::uint64_t at) override {
    if (++writes == fails_at_write || (fails_every != 0 && writes % fails_every == 0)) {
      fail("pwrite");
    }
    look_at(file, from, at);
    Disk::write(file, from, at);
  }
  void read(const File& file, std::span<std::byte> to, std::uint64_t at) override {
    look_at(file, to, at);
    const int now = ++reading;
    for (int most = most_reading; most < now && !most_reading.compare_exchange_weak(most, now);) {
    }
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (to.size() >= meets_from && most_reading < 2 && std::chrono::steady_clock::now() < end) {
      std::this_thread::yield();
    }
    Disk::read(file, to, at);
    --reading;
  }
  std::uint64_t available(const std::filesystem::path& directory) override {
    return std::min(free, Disk::available(directory));
  }

  std::vector<std::string> tried;
  std::string fails_in;
  int fails_at_write = 0;
  int fails_every = 0;
  int error = EIO;
  std::uint64_t free = ~std::uint64_t{0};
  int writes = 0;
  int last = -1;  // the last file, also when it is gone
  std::vector<base::Fd> lasts;
  bool says_direct = false;  // whatever the file system does
  bool direct = false;       // of the last file
  std::atomic<int> unaligned = 0;
  std::size_t meets_from = SIZE_MAX;  // the first read of that size waits for another, for 10 s
  std::atomic<int> reading = 0, most_reading = 0;

 private:
  void look_at(const File& file, std::span<const std::byte> bytes, std::uint64_t at) {
    const auto fits = [](std::uint64_t value) { return value % kAligned == 0; };
    const bool aligned =
        fits(reinterpret_cast<std::uintptr_t>(bytes.data())) && fits(bytes.size()) && fits(at);
    if (file.direct && !aligned) ++unaligned;
  }
  [[noreturn]] void fail(const char* call) const {
    throw std::system_error(error, std::system_category(), call);
  }
};

class SpillFilesTest : public ::testing::Test {
 protected:
  static Object object(std::size_t size) {
    static std::minstd_rand random(7);
    Object bytes(size);
    for (auto& byte : bytes) byte = static_cast<std::byte>(random());
    return bytes;
  }
  std::vector<SpilledAt> write(const std::vector<Object>& objects) {
    return files_.write({std::vector<SpillPlace::Bytes>(objects.begin(), objects.end())}, now_);
  }
  void expect_read(const SpilledAt& at, const Object& expected) {
    Object found(expected.size());
    files_.read(at, found);
    EXPECT_TRUE(found == expected) << expected.size() << " bytes";
  }
  std::string refusal(const std::vector<Object>& objects) {
    try {
      write(objects);
    } catch (const OutOfDisk& error) {
      return error.what();
    }
    return "not refused";
  }
  std::uint64_t blocks_of_last_file() const {
    struct stat found = {};
    ::fstat(disk_.last, &found);
    return static_cast<std::uint64_t>(found.st_blocks) * 512;
  }

  const base::FileTree tree_;
  TestDisk disk_;
  SpillFiles files_{disk_, {tree_.root() / "one", tree_.root() / "two"}};
  SpillPlace::Time now_{};
};

// What a disk says that is full, broken, mounted read-only, or over a quota: all are treated alike.
class WithEachError : public SpillFilesTest, public ::testing::WithParamInterface<int> {
 protected:
  WithEachError() { disk_.error = GetParam(); }
  static std::string said() { return std::system_category().message(GetParam()); }
};
INSTANTIATE_TEST_SUITE_P(Disk, WithEachError, ::testing::Values(ENOSPC, EIO, EROFS, EDQUOT),
                         [](const auto& error) {
                           return std::string(::strerrorname_np(error.param));
                         });

TEST_F(SpillFilesTest, WhatIsWrittenIsReadAgain) {
  std::vector<Object> objects;
  for (const std::size_t size :
       {std::size_t{0}, std::size_t{1}, std::size_t{4095}, kLargeRecord - 1, kLargeRecord, kMiB,
        9 * kMiB + 1234, std::size_t{100}}) {
    objects.push_back(object(size));
  }
  const auto places = write(objects);
  ASSERT_EQ(places.size(), objects.size());
  for (std::size_t i = 0; i < objects.size(); ++i) expect_read(places[i], objects[i]);
}

TEST_F(SpillFilesTest, GoesPastThePageCacheWhereTheFileSystemSaysHow) {
  const Object bytes = object(5 * kMiB + 77);
  expect_read(write({bytes})[0], bytes);
  struct statx found = {};
  ASSERT_EQ(::statx(disk_.last, "", AT_EMPTY_PATH, STATX_DIOALIGN, &found), 0);
  const bool says = (found.stx_mask & STATX_DIOALIGN) != 0 && found.stx_dio_offset_align != 0;
  EXPECT_EQ(disk_.direct, says);
  EXPECT_EQ((::fcntl(disk_.last, F_GETFL) & O_DIRECT) != 0, says);
}

// What such a file system demands, on any.
TEST_F(SpillFilesTest, PastThePageCacheAllIsAligned) {
  disk_.says_direct = true;
  std::vector<Object> objects;
  for (const std::size_t size : {std::size_t{0}, std::size_t{1}, std::size_t{5000}, kLargeRecord,
                                 kLargeRecord + 1, kMiB, 9 * kMiB + 1234, 20 * kMiB}) {
    objects.push_back(object(size));
  }
  const auto places = write(objects);
  for (std::size_t i = 0; i < objects.size(); ++i) expect_read(places[i], objects[i]);
  EXPECT_EQ(disk_.unaligned, 0);
}

TEST_F(SpillFilesTest, TheRangesOfALargeObjectAreReadAtOnce) {
#ifdef MANTA_TSAN
  GTEST_SKIP() << "under ThreadSanitizer one thread does it";
#endif
  if (tbb::info::default_concurrency() < 2) GTEST_SKIP() << "there is one core";
  const Object bytes = object(32 * kMiB);
  const auto at = write({bytes})[0];
  disk_.meets_from = kMiB;
  expect_read(at, bytes);
  EXPECT_GE(disk_.most_reading, 2);
}

TEST_F(SpillFilesTest, ObjectsOfOneFileAreReadAtOnce) {
  const std::vector<Object> objects = {object(100), object(100)};
  const auto places = write(objects);
  ASSERT_EQ(places[0].file, places[1].file);
  disk_.meets_from = 0;
  std::thread other([&] { expect_read(places[0], objects[0]); });
  expect_read(places[1], objects[1]);
  other.join();
  EXPECT_GE(disk_.most_reading, 2);
}

TEST_F(SpillFilesTest, MemoryNeedNotBeAligned) {
  const Object bytes = object(3 * kMiB);
  const auto part = std::span(bytes).subspan(1, 2 * kMiB + 5);
  const auto places = files_.write({{part}}, now_);
  Object found(part.size() + 3);
  files_.read(places[0], std::span(found).subspan(3));
  EXPECT_EQ(std::memcmp(found.data() + 3, part.data(), part.size()), 0);
}

TEST_F(SpillFilesTest, SmallObjectsShareAFileAndLargeOnesHaveTheirOwn) {
  write(std::vector<Object>(1000, object(500)));
  EXPECT_EQ(files_.stats().files, 1U);
  write({object(20 * kMiB), object(30 * kMiB), object(70 * kMiB), object(20 * kMiB)});
  EXPECT_EQ(files_.stats().files, 4U);
  EXPECT_EQ(files_.stats().objects, 1004U);
  EXPECT_EQ(files_.stats().bytes, 1000 * 500 + 140 * kMiB);
}

TEST_F(SpillFilesTest, FilesHaveNoName) {
  write({object(100)});
  write({object(100)});
  for (const char* name : {"one", "two"}) {
    EXPECT_TRUE(std::filesystem::is_empty(tree_.root() / name));
  }
}

TEST_F(SpillFilesTest, DirectoriesTakeTurns) {
  for (int i = 0; i < 4; ++i) write({object(100)});
  EXPECT_THAT(disk_.tried, ::testing::ElementsAre("one", "two", "one", "two"));
}

TEST_F(SpillFilesTest, AFileGoesWithItsLastObject) {
  const auto places = write({object(100), object(100)});
  files_.erase(places[0]);
  EXPECT_EQ(files_.stats().files, 1U);
  files_.erase(places[1]);
  EXPECT_EQ(files_.stats().files, 0U);
  EXPECT_EQ(files_.stats().bytes, 0U);
  Object found(100);
  EXPECT_THROW(files_.read(places[1], found), SpillLost);
}

TEST_F(SpillFilesTest, TheBlocksOfAnErasedObjectAreGivenBackAndTheOthersStay) {
  const std::vector<Object> objects = {object(8 * kMiB), object(8 * kMiB), object(8 * kMiB)};
  const auto places = write(objects);
  const auto before = blocks_of_last_file();
  files_.erase(places[1]);
  EXPECT_LE(blocks_of_last_file(), before - 7 * kMiB);
  expect_read(places[0], objects[0]);
  expect_read(places[2], objects[2]);
}

TEST_P(WithEachError, ADirectoryThatFailsIsLeftOutForEverLongerUntilItWorks) {
  disk_.fails_in = "one";
  write({object(100)});
  EXPECT_THAT(disk_.tried, ::testing::ElementsAre("one", "two"));
  disk_.tried.clear();
  write({object(100)});  // in the first second
  write({object(100)});
  EXPECT_THAT(disk_.tried, ::testing::ElementsAre("two", "two"));
  now_ += std::chrono::milliseconds(1100);
  disk_.tried.clear();
  write({object(100)});
  EXPECT_EQ(disk_.tried.front(), "one");
  now_ += std::chrono::milliseconds(1100);  // of two
  disk_.tried.clear();
  write({object(100)});
  EXPECT_THAT(disk_.tried, ::testing::ElementsAre("two"));
  now_ += std::chrono::milliseconds(1100);
  disk_.fails_in = "";
  disk_.tried.clear();
  for (int i = 0; i < 4; ++i) write({object(100)});
  EXPECT_THAT(disk_.tried, ::testing::Contains("one").Times(2));
}

TEST_P(WithEachError, WhereNoDirectoryWorksEachSaysWhyAndNothingStays) {
  disk_.fails_in = "one";
  disk_.free = 3 * kMiB;
  const Object small = object(10);
  EXPECT_EQ(write({small}).size(), 1U);
  EXPECT_THAT(refusal({object(10 * kMiB)}),
              AllOf(HasSubstr("an object of 10 MiB"),
                    HasSubstr("/one: open: " + said() + ", tried again in 1 s"),
                    HasSubstr("/two: 3 MiB free"), HasSubstr("spill_dirs")));
  EXPECT_EQ(files_.stats().objects, 1U);
  expect_read(write({small})[0], small);  // the second directory is not left out
}

TEST_F(SpillFilesTest, ADiskThatIsNearlyFullGetsSmallerFilesAndWhatHasRoom) {
  disk_.free = 20 * kMiB;
  const std::vector<Object> objects(5, object(8 * kMiB));
  EXPECT_EQ(write(objects).size(), 5U);
  EXPECT_EQ(files_.stats().files, 3U);
  EXPECT_EQ(write({objects[0], object(30 * kMiB), objects[1]}).size(), 1U)
      << "those before the large one";
  EXPECT_EQ(files_.stats().objects, 6U);
}

TEST_P(WithEachError, OfABatchThatFailsInTheMiddleWhatWasWrittenBeforeStays) {
  const Object large = object(50 * kMiB);
  const std::vector<SpillPlace::Bytes> batch(3, large);
  std::set<std::size_t> counts;
  for (const int fails_at : {1, 2, 15, 30}) {
    SpillFiles one(disk_, {tree_.root() / "one"});
    disk_.writes = 0;
    disk_.fails_at_write = fails_at;
    std::vector<SpilledAt> places;
    try {
      places = one.write(batch, now_);
    } catch (const OutOfDisk&) {
    }
    EXPECT_EQ(one.stats().objects, places.size());
    EXPECT_EQ(one.stats().bytes, places.size() * large.size());
    counts.insert(places.size());
    for (const SpilledAt& at : places) {
      Object found(large.size());
      one.read(at, found);
      EXPECT_TRUE(found == large);
    }
  }
  EXPECT_THAT(counts, ::testing::IsSupersetOf({0U, 1U, 2U}));
}

TEST_P(WithEachError, ADiskThatFailsEveryThirdWriteLosesNothing) {
  disk_.fails_every = 3;
  std::minstd_rand random(11);
  std::vector<std::pair<SpilledAt, Object>> kept;
  for (int round = 0; round < 100; ++round) {
    now_ += std::chrono::seconds(100);  // no directory is left out
    std::vector<Object> objects;
    for (std::size_t n = random() % 4 + 1; n > 0; --n) {
      objects.push_back(object(random() % 300'000));
    }
    try {
      const auto places = write(objects);
      for (std::size_t i = 0; i < places.size(); ++i) kept.emplace_back(places[i], objects[i]);
    } catch (const OutOfDisk&) {  // both directories failed
    }
    for (std::size_t n = random() % 3; n > 0 && !kept.empty(); --n) {
      const std::size_t which = random() % kept.size();
      expect_read(kept[which].first, kept[which].second);
      files_.erase(kept[which].first);
      std::swap(kept[which], kept.back());
      kept.pop_back();
    }
  }
  EXPECT_GT(kept.size(), 15U);
  EXPECT_EQ(files_.stats().objects, kept.size());
  for (const auto& [at, bytes] : kept) {
    expect_read(at, bytes);
    files_.erase(at);
  }
  EXPECT_EQ(files_.stats().files, 0U);
}

TEST_F(SpillFilesTest, FilesTakeAtMostHalfOfTheDescriptors) {
  rlimit before = {};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  rlimit few = before;
  few.rlim_cur = 20;
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &few), 0);
  SpillFiles files(disk_, {tree_.root() / "one"});
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  const Object bytes = object(10);
  const std::vector<SpillPlace::Bytes> batch{bytes};
  for (int i = 0; i < 10; ++i) (void)files.write(batch, now_);
  try {
    (void)files.write(batch, now_);
    FAIL() << "an eleventh file was made";
  } catch (const OutOfDisk& error) {
    EXPECT_THAT(error.what(), HasSubstr("10 files are open, half of what ulimit -n allows"));
  }
}

TEST_P(WithEachError, AFileThatFailsIsWrittenElsewhere) {
  disk_.fails_at_write = 1;
  const Object bytes = object(kMiB);
  expect_read(write({bytes})[0], bytes);
  EXPECT_THAT(disk_.tried, ::testing::ElementsAre("one", "two"));
}

// Each byte of a record, of its header and of its checksums.
TEST_F(SpillFilesTest, DamagedBytesAreNotGiven) {
  const Object bytes = object(200);
  const auto at = write({bytes})[0];
  Object found(bytes.size());
  for (std::uint64_t place = at.offset - 32; place < at.offset + at.size + 8; ++place) {
    AlignedBuffer block(Disk::kAligned);
    const auto flip = [&] {
      ASSERT_EQ(::pread(disk_.last, block.bytes().data(), block.bytes().size(), 0), 4096);
      block.bytes()[place] ^= std::byte{1};
      ASSERT_EQ(::pwrite(disk_.last, block.bytes().data(), block.bytes().size(), 0), 4096);
    };
    flip();
    EXPECT_THROW(files_.read(at, found), SpillLost) << place;
    flip();
  }
  expect_read(at, bytes);
}

TEST_F(SpillFilesTest, AFileThatWasCutIsLost) {
  const auto at = write({object(5 * kMiB)})[0];
  ASSERT_EQ(::ftruncate(disk_.last, 1 << 20), 0);
  Object found(at.size);
  try {
    files_.read(at, found);
    ADD_FAILURE() << "it was read";
  } catch (const SpillLost& lost) {
    EXPECT_THAT(lost.what(), testing::HasSubstr("beyond the end of the file"));
  }
}

TEST_F(SpillFilesTest, WhatIsReadWhileItIsErasedIsRightOrLost) {
  const std::vector<Object> objects = {object(4 * kMiB), object(4 * kMiB)};
  for (int round = 0; round < 20; ++round) {
    const auto places = write(objects);
    std::thread reader([&] {
      Object found(objects[0].size());
      try {
        files_.read(places[0], found);
        EXPECT_TRUE(found == objects[0]);
      } catch (const SpillLost&) {  // it was erased before
      }
    });
    files_.erase(places[0]);
    reader.join();
    expect_read(places[1], objects[1]);
    files_.erase(places[1]);
  }
}

}  // namespace
}  // namespace manta::objectstore
