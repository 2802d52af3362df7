// Large blocks on huge pages, where the kernel gives them: the bytes are right, and the budget exact, with them and
// without.
#include <algorithm>
#include <cstring>
#include <fstream>
#include <sstream>
#include <string>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "../arena_fixture.h"

namespace manta::objectstore {
namespace {

constexpr OwnerTag kAnna = 1;
constexpr std::size_t kBudget = 64 * kMiB;

// The bytes of this process's mapping at `address` that huge pages map.
std::size_t huge_bytes_at(const std::byte* address) {
  std::ostringstream begin;
  begin << std::hex << reinterpret_cast<std::uintptr_t>(address) << '-';
  std::ifstream maps("/proc/self/smaps");
  bool ours = false;
  for (std::string line; std::getline(maps, line);) {
    // "7f..-7f.. r--s ..." begins a mapping, "ShmemPmdMapped:  4096 kB" is of it.
    if (line.find('-') < line.find(' ') && line.find(':') > line.find(' ')) {
      ours = line.starts_with(begin.str());
    }
    if (ours && line.starts_with("ShmemPmdMapped:")) {
      return std::stoul(line.substr(line.find(':') + 1)) * 1024;
    }
  }
  return 0;
}

class HugePages : public testing::Test {
 protected:
  ~HugePages() override { ::prctl(PR_SET_THP_DISABLE, 0, 0, 0, 0); }

  std::size_t memory() const {
    struct stat found = {};
    ::fstat(fixture_.files.writable.get(), &found);
    return static_cast<std::size_t>(found.st_blocks) * 512;
  }
  std::uint64_t filled(std::size_t size, char value) {
    const auto block = arena_.allocate(size);
    EXPECT_TRUE(block.ok());
    std::memset(arena_.writable(block->offset), value, size);
    return block->offset;
  }
  bool is_all(std::uint64_t offset, std::size_t size, char value) const {
    const std::byte* const bytes = arena_.readable(offset);
    return std::all_of(bytes, bytes + size,
                       [value](std::byte byte) { return byte == std::byte(value); });
  }

  ArenaFixture fixture_{ArenaSize{.memory = kBudget, .addresses = 8 * kBudget}};
  Arena arena_ = fixture_.arena(kAnna);
};

TEST_F(HugePages, MapLargeBlocksForReadersToo) {
  const auto block = filled(16 * kMiB, 'a');
  if (arena_.why_no_huge_pages() != 0) GTEST_SKIP() << std::strerror(arena_.why_no_huge_pages());
  EXPECT_TRUE(is_all(block, 16 * kMiB, 'a'));
  EXPECT_GE(huge_bytes_at(arena_.read_base()), 12 * kMiB);
  EXPECT_EQ(memory(), 16 * kMiB);
}

TEST_F(HugePages, BlocksTakeNoMoreThanTheyNeed) {
  std::size_t sum = 0;
  for (const std::size_t size : {3 * kMiB, kMiB + 5, 5 * kMiB + 4096, 2 * kMiB, 7 * kMiB - 1}) {
    const auto block = filled(size, 'b');
    sum += (size + 4095) / 4096 * 4096;
    EXPECT_EQ(memory(), sum) << size;
    EXPECT_TRUE(is_all(block, size, 'b'));
  }
  EXPECT_THAT(arena_.faults(), testing::IsEmpty());
}

// A hole of one slab in the middle of huge pages, and other blocks there.
TEST_F(HugePages, AreTakenApart) {
  const auto first = filled(kBudget, 'c');
  arena_.free(first);
  std::vector<std::uint64_t> blocks;
  for (int i = 0; i < 21; ++i) {
    blocks.push_back(filled(3 * kMiB - 4096 * 7, static_cast<char>('d' + i)));
  }
  EXPECT_LE(memory(), kBudget);
  for (std::size_t i = 0; i < blocks.size(); i += 2) arena_.free(blocks[i]);
  const auto large = filled(20 * kMiB, 'A');
  EXPECT_LE(memory(), kBudget);
  for (std::size_t i = 1; i < blocks.size(); i += 2) {
    EXPECT_TRUE(is_all(blocks[i], 3 * kMiB - 4096 * 7, static_cast<char>('d' + i))) << i;
  }
  EXPECT_TRUE(is_all(large, 20 * kMiB, 'A'));
  EXPECT_THAT(arena_.faults(), testing::IsEmpty());
}

TEST_F(HugePages, WhatWasGivenBackIsZeroAgain) {
  auto node = fixture_.arena(kNodeTag);
  const auto block = filled(8 * kMiB, 'e');
  ASSERT_TRUE(node.begin_spill(block));
  node.end_spill(block);
  EXPECT_EQ(memory(), 0U);
  EXPECT_TRUE(is_all(block, 8 * kMiB, 0));
}

TEST_F(HugePages, WhereThereAreNoneSmallOnesDo) {
  ASSERT_EQ(::prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0), 0);
  const auto block = filled(16 * kMiB, 'f');
  EXPECT_NE(arena_.why_no_huge_pages(), 0);
  EXPECT_TRUE(is_all(block, 16 * kMiB, 'f'));
  EXPECT_EQ(huge_bytes_at(arena_.read_base()), 0U);
  EXPECT_EQ(memory(), 16 * kMiB);
  EXPECT_THAT(arena_.faults(), testing::IsEmpty());
}

}  // namespace
}  // namespace manta::objectstore
