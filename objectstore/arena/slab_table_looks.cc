// Of the slab table, what looks through many slabs: whether there is room, and how much is charged for nothing; what
// the node does for dead processes, and for the count of charged pages.
#include "slab_table.h"

namespace manta::objectstore {

// ---------------------------------------------------------------- room

std::size_t SlabTable::claim(std::size_t slab, OwnerTag self, From from) {
  const SlabWord found = word(slab);
  return claimable(slab, found, from, self) ? try_claim(slab, found, self) : 0;
}

std::size_t SlabTable::count_free(std::size_t slab, std::uint8_t size_class) const {
  std::size_t count = 0;
  for (std::size_t block = 0, n = blocks_per_slab(size_class); block < n; ++block) {
    // SYNC: none, it is a hint.
    count += tag(slab, block).load(std::memory_order_relaxed) == kNobody ? 1 : 0;
  }
  return count;
}

std::uint64_t SlabTable::charged_for_nothing(OwnerTag self, From from) const {
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < memory_end();) {
    const SlabWord found = word(i);
    if (claimable(i, found, from, self)) {
      for (std::size_t n = 0; n < found.slabs(); ++n) sum += pages_.charged(i + n);
    }
    i += found.slabs();
  }
  return sum;
}

bool SlabTable::has_pages(std::uint32_t pages, OwnerTag self, From from) const {
  return pages_.left() + charged_for_nothing(self, from) >= pages + pages_.excess();
}

bool SlabTable::has_room_in_memory(std::uint32_t pages) const {
  const std::size_t count = SlabWord{SlabKind::kRun, 0, kNobody, pages}.slabs();
  const std::size_t end = memory_end();
  return (memory_slabs_ - end >= count ||
          find_between(0, end, count, kNodeTag, From::kUnusedAndEmpty)) &&
         has_pages(pages, kNodeTag, From::kUnusedAndEmpty);
}

bool SlabTable::has_room(std::uint32_t pages) const {
  const std::size_t count = SlabWord{SlabKind::kRun, 0, kNobody, pages}.slabs();
  return has_room_in_memory(pages) || slabs_ - end() >= count ||
         find_between(memory_slabs_, end(), count, kNodeTag, From::kUnusedAndEmpty);
}

bool SlabTable::has_small_room(std::uint8_t size_class, Part part) const {
  for (std::size_t i = 0; i < (part == Part::kMemory ? memory_end() : end());) {
    const SlabWord found = word(i);
    const bool of_class = is_usable(found) && found.size_class == size_class;
    if (of_class && any_free(i, size_class)) return true;
    i = next(i, found);
  }
  return part == Part::kMemory ? has_room_in_memory(kSlabPages) : has_room(kSlabPages);
}

// ---------------------------------------------------------------- the node

void SlabTable::sweep_small(std::size_t slab, const SlabWord& found, OwnerTag dead) {
  for (std::size_t block = 0, n = blocks_per_slab(found.size_class); block < n; ++block) {
    // SYNC: the load none, because the owner is dead; the change release, as whoever frees a block.
    OwnerTag owner = tag(slab, block).load(std::memory_order_relaxed);
    if (owner == dead || owner == tentative(dead)) {
      tag(slab, block).compare_exchange_strong(owner, kNobody, std::memory_order_release);
    }
  }
  if (found.owner == dead) {  // fails if somebody takes the slab first, which is as good
    change(slab, found, {SlabKind::kSmall, found.size_class, kNobody, 0});
  }
}

// Goes from head to head. A word that says kClaimed{dead} is no part of a run: the run's head was
// published, or is kBreaking, before its owner died; and whoever breaks a run marks all its slabs
// before it lets the head go.
void SlabTable::sweep(OwnerTag dead) {
  for (std::size_t i = 0; i < end();) {
    const SlabWord found = word(i);
    if (found.kind == SlabKind::kSmall) {
      sweep_small(i, found, dead);
    } else if (found.owner == dead && found.kind == SlabKind::kRun) {
      // The node's other threads say where its bytes are, meanwhile.
      if (!change(i, found, {SlabKind::kRun, found.size_class, kNobody, found.pages})) continue;
    } else if (found.owner == dead && found.kind == SlabKind::kBreaking) {
      release(i + 1, i + found.slabs());
      release(i, i + 1);
    } else if (found.owner == dead && found.kind == SlabKind::kClaimed) {
      change(i, found, {});
    }
    i = next(i, found);
  }
}

// The slab's word says already that nobody may allocate there: it is with tag_block() as when a slab is taken. Whoever
// is allocating now finds the slab lost, or has its block; which of the two nobody knows yet.
bool SlabTable::may_spill_small(std::size_t slab, std::uint8_t size_class) const {
  bool in_use = false;
  for (std::size_t block = 0, n = blocks_per_slab(size_class); block < n; ++block) {
    const OwnerTag owner = tag(slab, block).load(std::memory_order_seq_cst);
    if (owner != settled(owner)) return false;
    in_use = in_use || owner != kNobody;
  }
  return in_use;
}

// Nobody but the node changes the word of a slab that is not in memory.
bool SlabTable::set_small_bytes(std::size_t slab, const SlabWord& found, RunBytes bytes) {
  const std::uint8_t size_class = found.size_class;
  const SlabWord abandoned{SlabKind::kSmall, size_class, kNobody, 0};
  const auto marked = [&](RunBytes as) {
    return SlabWord{SlabKind::kSmall, size_class, kNodeTag, static_cast<std::uint32_t>(as)};
  };
  if (bytes == RunBytes::kSpilling) {
    if (!is_usable(found) || class_size(size_class) < kSmallestSpilled ||
        !change(slab, found, marked(bytes))) {
      return false;
    }
    if (may_spill_small(slab, size_class)) return true;
    store(slab, abandoned);
    return false;
  }
  if (bytes == RunBytes::kOnDisk) return change(slab, marked(RunBytes::kSpilling), marked(bytes));
  return change(slab, marked(RunBytes::kSpilling), abandoned) ||
         change(slab, marked(RunBytes::kOnDisk), {});
}

bool SlabTable::set_bytes(std::size_t slab, RunBytes bytes) {
  for (;;) {
    const SlabWord found = word(slab);
    if (found.kind == SlabKind::kSmall) return set_small_bytes(slab, found, bytes);
    const bool free = found.kind == SlabKind::kRun && found.owner == kNobody;
    if (found.kind != SlabKind::kRun || (free && bytes != RunBytes::kInMemory)) return false;
    SlabWord changed = found;
    changed.size_class = static_cast<std::uint8_t>(bytes);
    if (change(slab, found, changed)) return true;
  }
}

void SlabTable::settle() {
  const std::uint64_t counted = pages_.counted();
  std::uint64_t sum = 0;
  for (std::size_t i = 0, end = memory_end(); i < end; ++i) sum += pages_.charged(i);
  pages_.settle(counted, sum);
}

}  // namespace manta::objectstore
