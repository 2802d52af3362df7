// SmallBlocks hands out this process's small blocks: for each size class one slab that it owns,
// with a list of blocks known to be free.
//
//   list --empty-->   look at the slab's tags again, because others free by storing 0
//        --too few--> abandon the slab to everybody; take one with room that was abandoned before, else
//                     an unused one, else one that another process keeps empty, else one of its that has
//                     room, else one of the overflow; one of memory is charged to the budget as a whole
//
// The node takes slabs of 64 KiB blocks and larger ones away to spill them: what is freed there goes to no list, and
// what was in one is not tagged.
// Invariants: a list holds blocks of the slab that was ours when the list was made; tag_block() finds out
//             whether it still is. A list changes under the mutex of its class.
// Threads:    any. Units: bytes. Errors: StoreError.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <vector>

#include "../../base/result.h"
#include "memory_window.h"
#include "slab_table.h"
#include "store_error.h"

namespace manta::objectstore {

class SmallBlocks {
 public:
  SmallBlocks(SlabTable& table, MemoryWindow& window, OwnerTag self);

  // The offset of a block of at least `size` bytes. kMemory: new slabs are taken there only.
  base::Result<std::uint64_t, StoreError> allocate(std::size_t size, Part part);
  // `word`: that of its slab, which is kSmall.
  void free(std::uint64_t offset, const SlabWord& word);
  void trim();  // gives back the slabs that are empty
  // As long as it exists, this process makes no small block.
  using Locked = std::array<std::unique_lock<std::mutex>, kSizeClasses>;
  Locked lock();

 private:
  struct SizeClass {
    std::mutex mutex;
    std::size_t slab = kNone;
    // Used from the back: the block that was freed last, then the lowest one.
    std::vector<std::uint16_t> free;
    std::deque<std::size_t> abandoned;  // slabs that we left, oldest first
  };
  static constexpr std::size_t kNone = ~std::size_t{0};

  std::optional<std::size_t> take_charged(std::uint8_t size_class, From from, Part part);
  bool next_slab(SizeClass& cache, std::uint8_t size_class, Part part);
  bool adopt_any(SizeClass& cache, std::uint8_t size_class, SlabTable::Whose whose);
  bool try_abandoned(SizeClass& cache, std::uint8_t size_class);
  void leave(SizeClass& cache, std::uint8_t size_class);
  void forget(SizeClass& cache);
  bool enter(SizeClass& cache, std::uint8_t size_class, std::size_t slab);
  std::size_t collect(SizeClass& cache, std::uint8_t size_class);

  SlabTable& table_;
  MemoryWindow& window_;
  const OwnerTag self_;
  std::array<SizeClass, kSizeClasses> classes_;
};

}  // namespace manta::objectstore
