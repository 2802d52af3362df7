#include "parallel_copy.h"

#include <algorithm>
#include <atomic>
#include <vector>

#include <gtest/gtest.h>

namespace manta::objectstore {
namespace {

constexpr std::size_t kSizes[] = {0, 1, 600'000, 1 << 20, (4 << 20) - 1, 4 << 20, (9 << 20) + 17};

TEST(ParallelCopy, CopiesEveryByteAndNoOther) {
  for (const std::size_t size : kSizes) {
    std::vector<std::byte> from(size);
    for (std::size_t i = 0; i < size; ++i) {
      from[i] = static_cast<std::byte>(i * 31 >> 3);
    }
    std::vector<std::byte> to(size + 2, std::byte{0xEE});
    parallel_copy(to.data() + 1, from.data(), size);
    EXPECT_TRUE(std::equal(from.begin(), from.end(), to.begin() + 1)) << size;
    EXPECT_EQ(to.front(), std::byte{0xEE});
    EXPECT_EQ(to.back(), std::byte{0xEE});
  }
}

TEST(ParallelCopy, ZeroesEveryByte) {
  for (const std::size_t size : kSizes) {
    std::vector<std::byte> bytes(size, std::byte{1});
    parallel_zero(bytes.data(), size);
    EXPECT_EQ(std::count(bytes.begin(), bytes.end(), std::byte{0}),
              static_cast<std::ptrdiff_t>(size));
  }
}

TEST(ParallelCopy, PiecesCoverTheWholeOnceInWholeMegabytes) {
  for (const std::size_t size : kSizes) {
    std::atomic<std::size_t> sum{0};
    std::atomic<int> odd{0};
    parallel_pieces(size, [&](std::size_t at, std::size_t n) {
      sum += n;
      odd += at % (1 << 20) == 0 && (n % (1 << 20) == 0 || at + n == size) ? 0 : 1;
    });
    EXPECT_EQ(sum, size);
    EXPECT_EQ(odd, 0);
  }
}

}  // namespace
}  // namespace manta::objectstore
