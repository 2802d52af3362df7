// Of the arena, what the node does with blocks of others: spilling, sweeping, and memory ahead of its use.
#include "arena.h"
#include "arena_state.h"
#include "memory_budget.h"

namespace manta::objectstore {

// ---------------------------------------------------------------- spilling

bool Arena::begin_spill(std::uint64_t offset) {
  const SlabWord word = state_->live_word(offset);
  const bool whole = offset % kSlabSize == 0 || word.kind == SlabKind::kSmall;
  return !is_overflow(offset) && whole && word.bytes() == RunBytes::kInMemory &&
         state_->table.set_bytes(offset / kSlabSize, RunBytes::kSpilling);
}

void Arena::end_spill(std::uint64_t offset) {
  const std::size_t slab = offset / kSlabSize;
  state_->window.decommit_all(slab, state_->table.word(slab).slabs());
  state_->table.set_bytes(slab, RunBytes::kOnDisk);
}

void Arena::keep_in_memory(std::uint64_t offset) {
  state_->table.set_bytes(offset / kSlabSize, RunBytes::kInMemory);
}

std::vector<BlockExtent> Arena::spillable(std::uint64_t offset, std::size_t bytes,
                                          Filling filling) const {
  const SlabTable& table = state_->table;
  const auto is_wanted = [&](std::size_t slab, const SlabWord& word) {
    if (word.kind == SlabKind::kRun) {
      return filling == Filling::kDense && word.owner != kNobody &&
             word.bytes() == RunBytes::kInMemory;
    }
    if (!is_usable(word) || class_size(word.size_class) < kSmallestSpilled) return false;
    const std::size_t most = SlabTable::blocks_per_slab(word.size_class);
    const std::size_t free = table.count_free(slab, word.size_class);
    return free != most && (free * 2 < most) == (filling == Filling::kDense);
  };
  std::vector<BlockExtent> found;
  std::size_t sum = 0;
  for (std::size_t slab = slabs_for(offset); slab < table.memory_end() && sum < bytes;) {
    const SlabWord word = table.word(slab);
    if (is_wanted(slab, word)) {
      const std::size_t size =
          word.kind == SlabKind::kRun ? std::size_t{word.pages} * kPage : kSlabSize;
      found.push_back({slab * kSlabSize, size, word.owner});
      sum += size;
    }
    slab += word.slabs();
  }
  return found;
}

bool Arena::has_memory(std::size_t size) const {
  return state_->table.has_pages(size > kLargestSmallBlock ? pages_for(size) : kSlabPages, kNodeTag,
                                 From::kUnusedAndEmpty);
}

// ---------------------------------------------------------------- the node

void Arena::sweep(OwnerTag dead) { state_->table.sweep(dead); }

// The slab behind one that is claimed, if the two may become a huge page. Gives how many it has claimed.
std::size_t Arena::claim_for_huge_page(std::size_t slab) {
  SlabTable& table = state_->table;
  const auto is_new = [&](std::size_t i) {
    return table.pages().committed(i) == 0 && table.pages().charged(i) == 0;
  };
  if (slab % 2 != 0 || slab + 1 >= table.memory_end() || !is_new(slab) || !is_new(slab + 1) ||
      table.word(slab + 1).kind != SlabKind::kFree) {
    return 0;
  }
  return table.claim(slab + 1, state_->self, From::kUnused);
}

// From below, where runs are taken first; but an eighth from above, where small blocks are taken.
std::size_t Arena::populate_ahead(std::size_t step, std::size_t keep) {
  SlabTable& table = state_->table;
  std::size_t ready = 0;
  std::size_t done = 0;
  const auto make_ready = [&](std::size_t slab) {
    const std::uint32_t before = table.pages().committed(slab);
    if (before < kSlabPages) {
      const std::size_t claimed = table.claim(slab, state_->self, From::kUnused);
      if (claimed == 0) return true;  // it is in use now
      const std::size_t more = claim_for_huge_page(slab);
      const bool committed = table.pages().charge(slab, (more == 0 ? 1 : 2) * kSlabPages) &&
                             ((more != 0 && state_->window.commit_huge(slab)) ||
                              state_->window.commit(slab, kSlabPages));
      table.release(slab, slab + claimed + more);
      if (!committed) return false;
    }
    ready += kSlabSize;
    done += std::size_t{kSlabPages - before} * kPage;
    return true;
  };
  for (std::size_t slab = table.memory_end(); slab-- > 0 && ready < keep / 8 && done < step;) {
    if (table.word(slab).kind == SlabKind::kFree && !make_ready(slab)) {
      return done;
    }
  }
  for (std::size_t slab = 0; slab < table.memory_end() && ready < keep && done < step;) {
    const SlabWord word = table.word(slab);
    if (word.kind == SlabKind::kFree) {
      if (!make_ready(slab)) {
        return done;
      }
    } else if (word.kind == SlabKind::kRun && word.owner == kNobody) {
      for (std::size_t i = 0; i < word.slabs(); ++i) {
        ready += std::size_t{table.pages().committed(slab + i)} * kPage;
      }
    }
    slab += word.slabs();
  }
  return done;
}

int Arena::why_no_huge_pages() const { return state_->window.why_not_huge(); }

std::size_t Arena::decommit_overflow() {
  SlabTable& table = state_->table;
  return give_back(table, state_->window, state_->self, table.memory_slabs(), table.end(),
                   From::kUnused, SIZE_MAX) *
         kPage;
}

void Arena::set_beside(std::size_t bytes) {
  SlabTable& table = state_->table;
  table.pages().set_beside(pages_for(bytes));
  if (const std::uint64_t excess = table.pages().excess(); excess != 0) {
    give_back(table, state_->window, state_->self, 0, table.memory_end(), From::kUnused, excess);
  }
}

std::vector<std::string> Arena::faults() const { return state_->table.faults(); }

void Arena::settle() { state_->table.settle(); }

}  // namespace manta::objectstore
