// SmallBlocks hands out this process's small blocks: for each size class one slab that it owns,
// with a list of blocks known to be free.
//
//   list --empty--> look at the slab's tags again (others free by storing 0)
//        --too few--> abandon the slab to everybody; take one abandoned before that has room, else
//                     an unused one, else one that another process keeps empty
//
// Invariants: a list holds blocks of the slab that was ours when it was made; tag_block() finds out
//             whether it still is. A list changes under its class's mutex.
// Threads:    any. Units: bytes. Errors: StoreError.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <vector>

#include "../../base/result.h"
#include "memory_window.h"
#include "slab_table.h"
#include "store_error.h"

namespace manta::objectstore {

class SmallBlocks {
 public:
  SmallBlocks(SlabTable& table, MemoryWindow& window, OwnerTag self);

  base::Result<std::uint64_t, StoreError> allocate(std::size_t size);
  void free(std::uint64_t offset, const SlabWord& word);  // `word` of its slab, kSmall
  void trim();

 private:
  struct SizeClass {
    std::mutex mutex;
    std::size_t slab = kNone;
    std::vector<std::uint16_t> free;  // used from the back: lowest block first, then the last freed
    std::deque<std::size_t> abandoned;  // by us, oldest first
  };
  static constexpr std::size_t kNone = ~std::size_t{0};

  bool next_slab(SizeClass& cache, std::uint8_t size_class);
  bool try_abandoned(SizeClass& cache, std::uint8_t size_class);
  void leave(SizeClass& cache, std::uint8_t size_class);
  void forget(SizeClass& cache);
  bool populate(std::uint64_t slab_start, std::size_t end);
  bool enter(SizeClass& cache, std::uint8_t size_class, std::size_t slab);
  std::size_t collect(SizeClass& cache, std::uint8_t size_class);

  SlabTable& table_;
  MemoryWindow& window_;
  const OwnerTag self_;
  std::array<SizeClass, kSizeClasses> classes_;
};

}  // namespace manta::objectstore
