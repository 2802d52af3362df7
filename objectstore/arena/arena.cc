// In this order: allocating, where runs of slabs are this file's and small blocks those of small_blocks.h; a block's
// life; questions. What the node does is in arena_node.cc; who may do what is decided in slab_table.cc alone.
#include "arena.h"

#include <algorithm>
#include <atomic>
#include <mutex>

#include "../../base/check.h"
#include "arena_state.h"
#include "memory_budget.h"
#include "parallel_copy.h"

namespace manta::objectstore {
namespace {

constexpr std::size_t kRecentRuns = 16;

SlabCounts counts_of(const ArenaSize& size) {
  return {.budget = slabs_for(size.memory),
          .memory = slabs_for(std::max(size.memory, size.addresses)),
          .overflow = slabs_for(size.overflow)};
}

}  // namespace

std::size_t Arena::metadata_size(const ArenaSize& size) {
  return SlabTable::bytes(counts_of(size));
}

void Arena::initialize(std::byte* metadata, std::size_t metadata_bytes, const ArenaSize& size) {
  base::check(metadata_bytes >= metadata_size(size), "the arena's metadata needs more room");
  SlabTable::initialize(metadata, counts_of(size));
}

Arena::Arena(const ArenaDescriptors& files, std::byte* metadata, OwnerTag self)
    : state_(std::make_unique<State>(files, metadata, self)),
      read_base_(state_->window.read_base()),
      write_base_(state_->window.write_base()),
      capacity_(state_->table.pages().budget() * kPage),
      memory_span_(state_->table.memory_slabs() * kSlabSize),
      span_(state_->window.size()) {}

Arena::~Arena() = default;

OwnerTag Arena::self() const { return state_->self; }
bool Arena::note_overflow() { return state_->table.note_overflow(); }
OverflowPlace Arena::overflow_place() const { return state_->window.overflow_place(); }

void Arena::reserve_in_child() { state_->window.reserve_in_child(); }
void Arena::copy_in_child(std::uint64_t offset, std::size_t size) {
  state_->window.copy_in_child(offset, size);
}
void Arena::forget_in_child() { state_->window.forget_in_child(); }

// ---------------------------------------------------------------- allocating

// The run that was freed last comes first; others may have taken it since.
std::optional<std::size_t> Arena::State::take_recent(std::uint32_t pages) {
  const std::lock_guard lock(recent_mutex);
  for (auto i = recent.rbegin(); i != recent.rend(); ++i) {
    const std::size_t slab = *i;
    if (table.retake_run(slab, self, pages)) {
      recent.erase(std::next(i).base());
      return slab;
    }
  }
  return std::nullopt;
}

// Whether there is a run, and the budget has its pages; else it is given back.
bool Arena::State::charged(std::optional<std::size_t> slab, std::uint32_t pages, From from) {
  if (!slab) return false;
  if (charge(table, window, self, *slab, pages, from)) return true;
  table.set_run_owner(*slab, self, kNobody);
  return false;
}

std::optional<std::size_t> Arena::State::take_run(std::uint32_t pages, Part part) {
  if (pages <= table.pages().budget()) {
    auto slab = take_recent(pages);
    if (charged(slab, pages, From::kUnused)) return slab;
    slab = table.take_run(self, pages, From::kUnused);
    if (charged(slab, pages, From::kUnused)) return slab;
    small.trim();  // empty slabs that we and others keep are in the way
    // New addresses are taken only if there is memory for them.
    if (table.has_pages(pages, self, From::kUnusedAndEmpty)) {
      slab = table.take_run(self, pages, From::kUnusedAndEmpty);
      if (charged(slab, pages, From::kUnusedAndEmpty)) return slab;
    }
  }
  if (part == Part::kMemory) return std::nullopt;
  return table.take_run(self, pages, From::kUnusedAndEmpty, Part::kOverflow);
}

void Arena::State::remember(std::size_t slab) {
  if (table.is_overflow(slab)) return;  // it is used only while memory has no room
  const std::lock_guard lock(recent_mutex);
  if (recent.size() == kRecentRuns) {
    recent.pop_front();
  }
  recent.push_back(slab);
}

bool Arena::State::populate_run(std::uint64_t offset, std::size_t size) {
  if (window.is_populated(offset, size)) {
    return true;
  }
  std::atomic<bool> done{true};  // SYNC: none: the end of parallel_pieces() orders all accesses
  parallel_pieces(size, [&](std::size_t at, std::size_t n) {
    if (!window.populate(offset + at, n)) {
      done.store(false, std::memory_order_relaxed);
    }
  });
  return done.load(std::memory_order_relaxed);
}

// A run that cannot be mapped or committed is given back at once.
base::Result<Allocation, StoreError> Arena::State::allocate_run(std::size_t size,
                                                                Population population, Part part) {
  const auto slab = take_run(pages_for(size), part);
  if (!slab) {
    return StoreError::kFull;
  }
  Allocation allocation{*slab * kSlabSize, size, true, population == Population::kNow};
  const std::size_t end = *slab + slabs_for(size);
  for (std::size_t i = *slab; i < end; ++i) {
    allocation.zeroed = table.pages().mark_used(i) && allocation.zeroed;
  }
  // On a disk nothing is gained by waiting, and whoever populates later knows of no disk.
  allocation.populated = allocation.populated || table.is_overflow(*slab);
  if (!window.open(*slab, end - *slab) ||
      (allocation.populated && !populate_run(allocation.offset, size))) {
    table.set_run_owner(*slab, self, kNobody);
    return table.is_overflow(*slab) ? StoreError::kNoDisk : StoreError::kNoMemory;
  }
  return allocation;
}

base::Result<Allocation, StoreError> Arena::allocate(std::size_t size, Population population,
                                                     Part part) {
  if (size > largest_size()) {
    return StoreError::kTooLarge;
  }
  if (size > kLargestSmallBlock) {
    return state_->allocate_run(size, population, part);
  }
  auto offset = state_->small.allocate(size, Part::kMemory);
  if (!offset.ok() && offset.error() == StoreError::kFull) {
    state_->small.trim();
    offset = state_->small.allocate(size, Part::kMemory);
  }
  if (!offset.ok() && offset.error() == StoreError::kFull && part == Part::kOverflow) {
    offset = state_->small.allocate(size, Part::kOverflow);
  }
  if (!offset.ok()) {
    return offset.error();
  }
  return Allocation{*offset, size, false, true};
}

bool Arena::populate(std::uint64_t offset, std::size_t size) {
  return state_->window.populate(offset, size);
}

// ---------------------------------------------------------------- a block's life

SlabWord Arena::State::live_word(std::uint64_t offset) const {
  base::check(offset < window.size(), "a block lies in the arena");
  return table.word(offset / kSlabSize);
}

void Arena::seal(std::uint64_t offset) {
  const SlabWord word = state_->live_word(offset);
  if (word.kind == SlabKind::kRun && std::size_t{word.pages} * kPage >= kSealedSize) {
    state_->window.seal(offset / kSlabSize, word.slabs());
  }
}

void Arena::hand_over(std::uint64_t offset, OwnerTag to) {
  const SlabWord word = state_->live_word(offset);
  const std::size_t slab = offset / kSlabSize;
  if (word.kind == SlabKind::kSmall) {
    const std::size_t block = offset % kSlabSize / class_size(word.size_class);
    // SYNC: release: our accesses to the block come before those of its new owner.
    state_->table.tag(slab, block).store(to, std::memory_order_release);
  } else {
    state_->table.hand_over_run(slab, to);
  }
}

void Arena::free(std::uint64_t offset) {
  const SlabWord word = state_->live_word(offset);
  if (word.kind == SlabKind::kSmall) {
    state_->small.free(offset, word);
    return;
  }
  base::check(word.kind == SlabKind::kRun && word.owner != kNobody && offset % kSlabSize == 0,
              "a block is freed once");
  state_->table.set_run_owner(offset / kSlabSize, word.owner, kNobody);
  state_->remember(offset / kSlabSize);
}

BlockExtent Arena::block_at(std::uint64_t offset) const {
  if (offset >= span_) {
    return {};
  }
  const SlabTable& table = state_->table;
  const std::size_t slab = offset / kSlabSize;
  const SlabWord word = table.word(slab);
  if (word.kind == SlabKind::kSmall) {
    const std::size_t size = class_size(word.size_class);
    const std::size_t block = offset % kSlabSize / size;
    if (block >= SlabTable::blocks_per_slab(word.size_class)) {
      return {};
    }
    // SYNC: acquire: whoever sees the tag sees what its maker wrote before.
    return {slab * kSlabSize + block * size, size,
            settled(table.tag(slab, block).load(std::memory_order_acquire)), word.bytes()};
  }
  const std::size_t head = table.find_run(slab);
  if (head == table.slabs()) {
    return {};
  }
  const SlabWord run = table.word(head);
  return {head * kSlabSize, std::size_t{run.pages} * kPage, run.owner, run.bytes()};
}

// Each block in use, as a BlockExtent: of what the word speaks for, and of all.
template <class Visit>
void Arena::for_each_block_in(std::size_t slab, const SlabWord& word, Visit&& visit) const {
  const std::uint64_t start = slab * kSlabSize;
  if (word.kind == SlabKind::kRun && word.owner != kNobody) {
    visit(BlockExtent{start, std::size_t{word.pages} * kPage, word.owner, word.bytes()});
  } else if (word.kind == SlabKind::kSmall) {
    const std::size_t size = class_size(word.size_class);
    for (std::size_t block = 0; block < SlabTable::blocks_per_slab(word.size_class); ++block) {
      // SYNC: none: this looks at what changes while it looks.
      const OwnerTag owner =
          settled(state_->table.tag(slab, block).load(std::memory_order_relaxed));
      if (owner != kNobody) visit(BlockExtent{start + block * size, size, owner, word.bytes()});
    }
  }
}

template <class Visit>
void Arena::for_each_block(Visit&& visit) const {
  const SlabTable& table = state_->table;
  for (std::size_t slab = 0; slab < table.end();) {
    const SlabWord word = table.word(slab);
    for_each_block_in(slab, word, visit);
    slab = table.next(slab, word);
  }
}

std::vector<BlockExtent> Arena::blocks_in(std::uint64_t offset) const {
  std::vector<BlockExtent> found;
  for_each_block_in(offset / kSlabSize, state_->live_word(offset),
                    [&](const BlockExtent& block) { found.push_back(block); });
  return found;
}

StoreStats Arena::stats() const {
  StoreStats stats;
  stats.capacity = capacity();
  for_each_block([&](const BlockExtent& block) {
    const bool on_disk = is_overflow(block.offset) || block.bytes == RunBytes::kOnDisk;
    stats.objects += 1;
    (on_disk ? stats.spilled : stats.used) += block.size;
    stats.pinned += on_disk || block.owner == kNodeTag ? 0 : block.size;
  });
  stats.objects -= std::min(stats.objects, copies());
  return stats;
}

// A thread that is late may still make a block. So what is free is claimed, or none is made there meanwhile.
void Arena::discard(const std::function<bool(const BlockExtent&)>& goes) {
  SlabTable& table = state_->table;
  state_->small.trim();
  {
    const auto no_small_ones_are_made = state_->small.lock();
    for (std::size_t slab = 0; slab < table.end();) {
      const SlabWord word = table.word(slab);
      discard_in(slab, word, goes);
      slab = table.next(slab, word);
    }
  }
  const auto free_memory = [&](std::size_t begin, std::size_t end) {
    give_back(table, state_->window, state_->self, begin, end, From::kUnusedAndEmpty, SIZE_MAX);
  };
  free_memory(0, table.memory_end());
  free_memory(table.memory_slabs(), table.end());
}

// Of a slab of small blocks all that lies between those that stay.
void Arena::discard_in(std::size_t slab, const SlabWord& word,
                       const std::function<bool(const BlockExtent&)>& goes) {
  if (word.kind == SlabKind::kSmall && state_->table.all_free(slab, word.size_class)) return;
  std::uint64_t begin = slab * kSlabSize;
  for_each_block_in(slab, word, [&](const BlockExtent& block) {
    if (goes(block)) return;
    state_->window.discard(begin, block.offset - begin);
    begin = block.offset + block.size;
  });
  if (word.kind == SlabKind::kSmall || (word.kind == SlabKind::kRun && word.owner != kNobody)) {
    state_->window.discard(begin, (slab + word.slabs()) * kSlabSize - begin);
  }
}

void Arena::discard(std::uint64_t offset) { state_->window.discard(offset, block_at(offset).size); }

std::vector<BlockExtent> Arena::largest(std::size_t count) const {
  const auto larger = [](const BlockExtent& a, const BlockExtent& b) {
    return a.size != b.size ? a.size > b.size : a.offset < b.offset;
  };
  std::vector<BlockExtent> found;  // a heap, the smallest in front
  for_each_block([&](const BlockExtent& block) {
    if (found.size() == count) {
      if (count == 0 || !larger(block, found.front())) return;
      std::ranges::pop_heap(found, larger);
      found.pop_back();
    }
    found.push_back(block);
    std::ranges::push_heap(found, larger);
  });
  std::ranges::sort_heap(found, larger);
  return found;
}

std::size_t Arena::beside() const { return state_->table.pages().beside() * kPage; }

std::uint32_t Arena::waiting() const { return state_->table.waiting(); }
void Arena::set_waiting(std::uint32_t count) { state_->table.set_waiting(count); }
bool Arena::may_spill() const { return state_->table.may_spill(); }
void Arena::set_may_spill(bool may) { state_->table.set_may_spill(may); }
std::uint64_t Arena::copies() const { return state_->table.copies(); }
void Arena::set_copies(std::uint64_t count) { state_->table.set_copies(count); }

bool Arena::has_room(std::size_t size, Part part) const {
  const SlabTable& table = state_->table;
  if (size > kLargestSmallBlock) {
    return part == Part::kMemory ? table.has_room_in_memory(pages_for(size))
                                 : table.has_room(pages_for(size));
  }
  return table.has_small_room(size_class_of(std::max<std::size_t>(size, 1)), part);
}

double Arena::filled() const {
  const SlabPages& pages = state_->table.pages();
  const std::uint64_t unused =
      pages.left() + state_->table.charged_for_nothing(kNodeTag, From::kUnusedAndEmpty);
  const std::uint64_t excess = std::min(unused, pages.excess());
  return 1 - static_cast<double>(unused - excess) / static_cast<double>(pages.budget());
}

void Arena::trim() { state_->small.trim(); }

}  // namespace manta::objectstore
