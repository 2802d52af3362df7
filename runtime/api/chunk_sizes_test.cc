// How many elements a chunk gets, as a table.
#include "chunk_sizes.h"

#include <chrono>
#include <cstdint>

#include <gtest/gtest.h>

namespace manta::detail {
namespace {

using std::chrono::microseconds;
using std::chrono::nanoseconds;

TEST(ChunkSize, IsWhatTakesAMillisecondAndLeavesSeveralForEachCore) {
  struct Case {
    const char* claim;
    std::chrono::duration<std::uint64_t, std::pico> one;
    std::size_t left, cores, size;
  };
  const Case cases[] = {
      {"a round number in binary", microseconds(1), 10'000'000, 2, 896},
      {"hardly fewer than take a millisecond", nanoseconds(1950), 10'000'000, 2, 512},
      {"elements that take long are alone", microseconds(600), 10'000'000, 2, 1},
      {"and those that take longer", microseconds(60'000), 10'000'000, 2, 1},
      {"few are left", microseconds(1), 1000, 2, 112},
      {"for many cores", microseconds(1), 1000, 64, 3},
      {"less than a chunk for each core", microseconds(1), 7, 2, 1},
      {"one is left", nanoseconds(1), 1, 8, 1},
      {"that take hardly any time", std::chrono::duration<std::uint64_t, std::pico>(1), 10'000'000,
       2, 1 << 20},
      {"that take none", nanoseconds(0), 800, 1, 192},
  };
  for (const Case& c : cases) EXPECT_EQ(chunk_size(c.one, c.left, c.cores), c.size) << c.claim;
}

TEST(ChunkSize, HasFewValuesSoThatFewCallSitesAreMade) {
  std::size_t different = 0;
  std::size_t last = 0;
  for (std::size_t left = 1; left <= 1'000'000; ++left) {
    const std::size_t size = chunk_size(nanoseconds(1), left, 1);
    EXPECT_LE(size, left);
    EXPECT_GE(size, last) << "of more elements, a chunk has no fewer";
    different += size != last ? 1 : 0;
    last = size;
  }
  EXPECT_LE(different, 80U);  // four of each power of two
}

}  // namespace
}  // namespace manta::detail
