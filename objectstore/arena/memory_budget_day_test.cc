// How much of the budget one live set may be after many objects have come and gone.
#include <cmath>
#include <random>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "../arena_fixture.h"
#include "arena.h"

namespace manta::objectstore {
namespace {

constexpr OwnerTag kAnna = 1;

// A day of objects of all sizes, as many small as large ones: a new one has room as long as no more than 85 % is live.
TEST(MemoryBudgetDay, EightyFivePercentHoldOneLiveSet) {
  constexpr std::size_t kBudget = 4096 * kMiB;
  constexpr std::size_t kLive = kBudget / 100 * 85;
  constexpr double kDoublings = 24;  // from 64 bytes to 1 GiB
  ArenaFixture fixture({.memory = kBudget, .addresses = 8 * kBudget});
  Arena arena = fixture.arena(kAnna);
  std::mt19937 random(20261129);
  struct Object {
    std::uint64_t offset;
    std::size_t size;
  };
  std::vector<Object> live;
  std::size_t bytes = 0;
  const auto drop_one = [&] {
    std::swap(live[random() % live.size()], live.back());
    arena.free(live.back().offset);
    bytes -= live.back().size;
    live.pop_back();
  };
  for (int i = 0; i < 500'000; ++i) {  // each is put and freed
    const double exponent = std::uniform_real_distribution<>(0, kDoublings)(random);
    const auto size = static_cast<std::size_t>(64 * std::exp2(exponent));
    while (bytes + size > kLive) drop_one();
    const auto block = arena.allocate(size, Population::kLater);
    ASSERT_TRUE(block.ok()) << "object " << i << " of " << size << " bytes beside " << bytes
                            << " in " << live.size() << " others";
    live.push_back({block->offset, size});
    bytes += size;
  }
  while (!live.empty()) drop_one();
  EXPECT_EQ(arena.stats().objects, 0u);
}

}  // namespace
}  // namespace manta::objectstore
