// allocate() and free() first; then how a size class gets its next slab: next_slab() at the end is the order of tries
// that the header draws.
#include "small_blocks.h"

#include <algorithm>

#include "../../base/check.h"
#include "memory_budget.h"

namespace manta::objectstore {
namespace {

constexpr std::size_t kRemembered = 64;  // abandoned slabs per size class
constexpr int kTries = 4;  // so many of them are looked at before an unused slab is taken
constexpr std::uint32_t kPopulateStep = 16;  // pages
static_assert(kSlabPages % kPopulateStep == 0);

// The first pages of a slab, as far as `end` (in bytes), and some ahead.
constexpr std::uint32_t pages_to(std::size_t end) {
  constexpr std::size_t kStep = kPopulateStep * kPage;
  return static_cast<std::uint32_t>((end + kStep - 1) / kStep) * kPopulateStep;
}

// Fewer free blocks than this are not worth looking through a whole slab.
std::size_t enough(std::uint8_t size_class) {
  return std::max<std::size_t>(1, SlabTable::blocks_per_slab(size_class) / 8);
}

std::size_t block_of(std::uint64_t offset, std::uint8_t size_class) {
  const std::size_t inside = offset % kSlabSize;
  base::check(inside % class_size(size_class) == 0, "a block starts at a multiple of its size");
  return inside / class_size(size_class);
}

}  // namespace

SmallBlocks::SmallBlocks(SlabTable& table, MemoryWindow& window, OwnerTag self)
    : table_(table), window_(window), self_(self) {}

base::Result<std::uint64_t, StoreError> SmallBlocks::allocate(std::size_t size, Part part) {
  const std::uint8_t size_class = size_class_of(std::max<std::size_t>(size, 1));
  const std::size_t block_size = class_size(size_class);
  SizeClass& cache = classes_[size_class];
  const std::lock_guard lock(cache.mutex);
  for (;;) {
    if (cache.free.empty() && !next_slab(cache, size_class, part)) {
      return StoreError::kFull;
    }
    const std::size_t block = cache.free.back();
    cache.free.pop_back();
    const auto tagged = table_.tag_block(cache.slab, size_class, block, self_);
    if (tagged == SlabTable::Tagged::kDone) {
      const std::uint64_t start = std::uint64_t{cache.slab} * kSlabSize;
      if (window_.populate_slab(cache.slab, pages_to((block + 1) * block_size))) {
        return start + block * block_size;
      }
      // SYNC: release, as in free().
      table_.tag(cache.slab, block).store(kNobody, std::memory_order_release);
      return table_.is_overflow(cache.slab) ? StoreError::kNoDisk : StoreError::kNoMemory;
    }
    if (tagged == SlabTable::Tagged::kSlabLost) {
      forget(cache);
    }
  }
}

// A block of the slab that we allocate from goes to the list; its tag says to all others that it is free.
void SmallBlocks::free(std::uint64_t offset, const SlabWord& word) {
  const std::size_t slab = offset / kSlabSize;
  const std::size_t block = block_of(offset, word.size_class);
  std::atomic<OwnerTag>& tag = table_.tag(slab, block);
  if (word.owner == self_) {
    SizeClass& cache = classes_[word.size_class];
    const std::lock_guard lock(cache.mutex);
    // SYNC: release: our last accesses to the block come before its next use.
    base::check(tag.exchange(kNobody, std::memory_order_release) != kNobody,
                "a block is freed once");
    if (cache.slab == slab) {
      cache.free.push_back(static_cast<std::uint16_t>(block));
    }
    return;
  }
  // SYNC: release, as above.
  base::check(tag.exchange(kNobody, std::memory_order_release) != kNobody, "a block is freed once");
}

// Fills the list with the blocks that are free in the slab now, and gives their number.
std::size_t SmallBlocks::collect(SizeClass& cache, std::uint8_t size_class) {
  cache.free.clear();
  for (std::size_t block = SlabTable::blocks_per_slab(size_class); block-- > 0;) {
    // SYNC: acquire, with the release of whoever freed it: our use comes after theirs.
    if (table_.tag(cache.slab, block).load(std::memory_order_acquire) == kNobody) {
      cache.free.push_back(static_cast<std::uint16_t>(block));
    }
  }
  return cache.free.size();
}

// Makes the slab, which is ours, the one to allocate from. False if it has no free block or cannot be mapped.
bool SmallBlocks::enter(SizeClass& cache, std::uint8_t size_class, std::size_t slab) {
  if (!window_.open(slab, 1)) {
    table_.abandon_small(slab, self_, size_class);
    return false;
  }
  table_.pages().mark_used(slab);
  cache.slab = slab;
  return collect(cache, size_class) != 0;
}

void SmallBlocks::forget(SizeClass& cache) {
  cache.slab = kNone;
  cache.free.clear();
}

// Leaves the slab to everybody, and remembers it, because its blocks will be freed.
void SmallBlocks::leave(SizeClass& cache, std::uint8_t size_class) {
  if (table_.abandon_small(cache.slab, self_, size_class)) {
    if (cache.abandoned.size() == kRemembered) {
      cache.abandoned.pop_front();
    }
    cache.abandoned.push_back(cache.slab);
  }
  forget(cache);
}

bool SmallBlocks::try_abandoned(SizeClass& cache, std::uint8_t size_class) {
  for (int i = 0; i < kTries && !cache.abandoned.empty(); ++i) {
    const std::size_t slab = cache.abandoned.front();
    cache.abandoned.pop_front();
    if (table_.adopt_small(slab, self_, size_class) && enter(cache, size_class, slab)) {
      if (cache.free.size() >= enough(size_class)) {
        return true;
      }
    }
    if (cache.slab != kNone) {
      leave(cache, size_class);
    }
  }
  return false;
}

std::optional<std::size_t> SmallBlocks::take_charged(std::uint8_t size_class, From from,
                                                     Part part) {
  // New addresses are taken only if there is memory for them.
  if (part == Part::kMemory && from == From::kUnusedAndEmpty &&
      !table_.has_pages(kSlabPages, self_, from)) {
    return std::nullopt;
  }
  return table_.take_small(self_, size_class, from, part, [&](std::size_t slab) {
    return charge(table_, window_, self_, slab, kSlabPages, from);
  });
}

bool SmallBlocks::adopt_any(SizeClass& cache, std::uint8_t size_class, SlabTable::Whose whose) {
  while (const auto any = table_.adopt_any_small(self_, size_class, whose)) {
    if (enter(cache, size_class, *any)) {
      return true;
    }
    if (cache.slab == kNone) {
      return false;  // the kernel has no more mappings
    }
    leave(cache, size_class);
  }
  return false;
}

bool SmallBlocks::next_slab(SizeClass& cache, std::uint8_t size_class, Part part) {
  if (cache.slab != kNone) {
    if (collect(cache, size_class) >= enough(size_class)) {
      return true;
    }
    leave(cache, size_class);
  }
  if (try_abandoned(cache, size_class)) {
    return true;
  }
  if (const auto unused = take_charged(size_class, From::kUnused, Part::kMemory)) {
    return enter(cache, size_class, *unused);
  }
  if (adopt_any(cache, size_class, SlabTable::Whose::kNobodys)) {
    return true;
  }
  if (const auto empty = take_charged(size_class, From::kUnusedAndEmpty, part)) {
    return enter(cache, size_class, *empty);
  }
  return adopt_any(cache, size_class, SlabTable::Whose::kAnybodys);
}

SmallBlocks::Locked SmallBlocks::lock() {
  Locked locked;
  for (std::size_t i = 0; i < kSizeClasses; ++i) locked[i] = std::unique_lock(classes_[i].mutex);
  return locked;
}

void SmallBlocks::trim() {
  for (std::uint8_t size_class = 0; size_class < kSizeClasses; ++size_class) {
    SizeClass& cache = classes_[size_class];
    const std::lock_guard lock(cache.mutex);
    if (cache.slab != kNone && table_.all_free(cache.slab, size_class)) {
      table_.release_small(cache.slab, self_, size_class);
      forget(cache);
    }
  }
}

}  // namespace manta::objectstore
