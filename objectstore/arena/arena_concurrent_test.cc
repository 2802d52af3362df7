// Many threads of one process, or of two that share the mapping of the metadata, allocate and free
// blocks of all sizes: no block is handed out twice, and nothing is lost.
#include <atomic>
#include <cstring>
#include <mutex>
#include <random>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "../arena_fixture.h"
#include "arena.h"

namespace manta::objectstore {
namespace {

constexpr OwnerTag kAnna = 1;
constexpr OwnerTag kBert = 2;

struct Piece {
  std::uint64_t offset;
  std::size_t size;
  std::byte mark;
};

// Blocks on their way from who filled them to who frees them.
class Exchange {
 public:
  void put(Piece piece) {
    const std::lock_guard lock(mutex_);
    pieces_.push_back(piece);
  }
  bool take(Piece& piece) {
    const std::lock_guard lock(mutex_);
    if (pieces_.empty()) {
      return false;
    }
    piece = pieces_.back();
    pieces_.pop_back();
    return true;
  }

 private:
  std::mutex mutex_;
  std::vector<Piece> pieces_;
};

std::size_t random_size(std::mt19937& random) {
  const auto kind = random() % 10;
  return kind < 8   ? random() % 4000 + 1
         : kind < 9 ? random() % 200'000 + 1
                    : random() % (3 * kMiB) + 1;
}

bool intact(const Arena& arena, const Piece& piece) {
  return arena.readable(piece.offset)[0] == piece.mark &&
         arena.readable(piece.offset)[piece.size - 1] == piece.mark;
}

void run(Arena& arena, Exchange& exchange, unsigned seed, std::atomic<int>& broken) {
  std::mt19937 random(seed);
  for (int i = 0; i < 2000; ++i) {
    const std::size_t size = random_size(random);
    if (const auto block = arena.allocate(size); block.ok()) {
      const Piece piece{block->offset, size, static_cast<std::byte>(random())};
      arena.writable(piece.offset)[0] = piece.mark;
      arena.writable(piece.offset)[size - 1] = piece.mark;
      arena.seal(piece.offset);
      exchange.put(piece);
    }
    Piece piece{};
    if (random() % 3 != 0 && exchange.take(piece)) {
      broken += intact(arena, piece) ? 0 : 1;
      arena.free(piece.offset);
    }
  }
}

TEST(ArenaConcurrent, ThreadsOfTwoProcessesExchangeBlocks) {
  ArenaFixture fixture(64 * kMiB);
  Arena anna = fixture.arena(kAnna);
  Arena bert = fixture.arena(kBert);
  Exchange exchange;
  std::atomic<int> broken{0};
  std::vector<std::thread> threads;
  for (unsigned i = 0; i < 4; ++i) {
    threads.emplace_back([&, i] { run(i % 2 == 0 ? anna : bert, exchange, i, broken); });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  EXPECT_EQ(broken, 0);
  Piece piece{};
  while (exchange.take(piece)) {
    EXPECT_TRUE(intact(anna, piece));
    anna.free(piece.offset);
  }
  EXPECT_EQ(anna.stats().used, 0u);
  bert.trim();
  EXPECT_TRUE(anna.allocate(64 * kMiB).ok());
}

// So little room that each takes slabs from the other all the time.
TEST(ArenaConcurrent, ProcessesWithoutRoomTakeEmptySlabsFromEachOther) {
  ArenaFixture fixture(6 * kMiB);
  Arena anna = fixture.arena(kAnna);
  Arena bert = fixture.arena(kBert);
  std::atomic<int> broken{0};
  const auto work = [&](Arena& arena, unsigned seed) {
    std::mt19937 random(seed);
    for (int i = 0; i < 4000; ++i) {
      const std::size_t size = std::size_t{512} << random() % 11;
      const auto block = arena.allocate(size);
      if (!block.ok()) {
        continue;
      }
      const auto mark = static_cast<std::byte>(random());
      std::memset(arena.writable(block->offset), static_cast<int>(mark), 512);
      if (random() % 2 == 0) {
        std::this_thread::yield();
      }
      broken += arena.readable(block->offset)[511] == mark ? 0 : 1;
      arena.free(block->offset);
    }
  };
  std::thread one([&] { work(anna, 1); });
  std::thread two([&] { work(bert, 2); });
  one.join();
  two.join();
  EXPECT_EQ(broken, 0);
  EXPECT_EQ(anna.stats().used, 0u);
  anna.trim();
  EXPECT_TRUE(anna.allocate(6 * kMiB).ok());
}

TEST(ArenaConcurrent, TheNodeCommitsMemoryMeanwhile) {
  ArenaFixture fixture(64 * kMiB);
  Arena anna = fixture.arena(kAnna);
  Arena node = fixture.arena(kNodeTag);
  Exchange exchange;
  std::atomic<int> broken{0};
  std::atomic<bool> done{false};
  std::thread user([&] {
    run(anna, exchange, 1, broken);
    done = true;
  });
  while (!done) {
    node.populate_ahead(kMiB, 32 * kMiB);
    node.settle();
    node.sweep(kBert);
  }
  user.join();
  EXPECT_EQ(broken, 0);
}

// It marks slabs all the time, and gives back the memory of those of which nothing is left when it looks again.
TEST(ArenaConcurrent, TheNodeTakesSlabsAwayMeanwhile) {
  ArenaFixture fixture(ArenaSize{.memory = 12 * kMiB, .addresses = 48 * kMiB});
  Arena anna = fixture.arena(kAnna);
  Arena bert = fixture.arena(kBert);
  Arena node = fixture.arena(kNodeTag);
  std::atomic<int> broken{0};
  std::atomic<int> working{2};
  const auto work = [&](Arena& arena, unsigned seed) {
    std::mt19937 random(seed);
    std::vector<Piece> pieces;
    for (int i = 0; i < 4000; ++i) {
      const std::size_t size = 60'000 + random() % 300'000;
      if (const auto block = arena.allocate(size); block.ok()) {
        pieces.push_back({block->offset, size, static_cast<std::byte>(random())});
        arena.writable(block->offset)[0] = pieces.back().mark;
        arena.writable(block->offset)[size - 1] = pieces.back().mark;
      }
      while (pieces.size() > random() % 8) {
        broken += intact(arena, pieces.back()) ? 0 : 1;
        arena.free(pieces.back().offset);
        pieces.pop_back();
      }
    }
    for (const Piece& piece : pieces) arena.free(piece.offset);
    --working;
  };
  std::thread one([&] { work(anna, 1); });
  std::thread two([&] { work(bert, 2); });
  int emptied = 0;
  while (working != 0) {
    for (const Filling filling : {Filling::kDense, Filling::kSparse}) {
      for (const BlockExtent& slab : node.spillable(0, 12 * kMiB, filling)) {
        if (!node.begin_spill(slab.offset)) continue;
        for (int i = 0; i < 100 && !node.blocks_in(slab.offset).empty(); ++i) {
          std::this_thread::yield();
        }
        if (node.blocks_in(slab.offset).empty()) {
          node.end_spill(slab.offset);
          ++emptied;
        }
        node.keep_in_memory(slab.offset);
      }
    }
  }
  one.join();
  two.join();
  EXPECT_EQ(broken, 0);
  EXPECT_GT(emptied, 0);
  EXPECT_EQ(node.stats().objects, 0U);
  EXPECT_TRUE(node.faults().empty());
  anna.trim();
  EXPECT_TRUE(bert.allocate(12 * kMiB).ok());
}

}  // namespace
}  // namespace manta::objectstore
