// All transitions of the picture in the header, in this order: words; claiming slabs, alone or in a range; runs; slabs
// of small blocks, whose tag_block() is the one place that needs sequential consistency. slab_table_looks.cc continues.
#include "slab_table.h"

#include <cstring>
#include <new>

#include "../../base/check.h"

namespace manta::objectstore {
namespace {

constexpr std::uint64_t kMagic = 0x4d414e5441415231;  // "MANTAAR1"

constexpr std::size_t page_aligned(std::size_t bytes) {
  return (bytes + kPage - 1) / kPage * kPage;
}

std::size_t words_at() { return kPage; }
std::size_t pages_at(std::size_t slabs) {
  return words_at() + page_aligned(slabs * sizeof(std::uint64_t));
}
std::size_t tags_at(std::size_t slabs) { return pages_at(slabs) + SlabPages::bytes(slabs); }

}  // namespace

struct SlabTable::Header {
  std::uint64_t magic = kMagic;
  std::uint64_t memory_slabs = 0;
  std::uint64_t slabs = 0;
  std::atomic<std::uint64_t> memory_end{0};
  std::atomic<std::uint64_t> end{0};
  std::atomic<bool> overflow_noted{false};
  std::atomic<std::uint32_t> waiting{0};
  std::atomic<bool> may_spill{false};
  std::atomic<std::uint64_t> copies{0};
};

std::size_t SlabTable::bytes(const SlabCounts& counts) {
  const std::size_t slabs = counts.memory + counts.overflow;
  return tags_at(slabs) + slabs * kTagsPerSlab * sizeof(OwnerTag);
}

void SlabTable::initialize(std::byte* metadata, const SlabCounts& counts) {
  base::check(counts.memory >= counts.budget, "there are addresses for the store's memory");
  auto* const header = new (metadata) Header;
  header->memory_slabs = counts.memory;
  header->slabs = counts.memory + counts.overflow;
  header->memory_end.store(counts.budget);
  header->end.store(counts.memory);
  SlabPages::initialize(metadata + pages_at(header->slabs), counts.budget * kSlabPages);
}

SlabTable::SlabTable(std::byte* metadata)
    : header_(reinterpret_cast<Header*>(metadata)),
      memory_slabs_(header_->memory_slabs),
      slabs_(header_->slabs),
      words_(reinterpret_cast<Word*>(metadata + words_at())),
      pages_(metadata + pages_at(slabs_)),
      tags_(reinterpret_cast<std::atomic<OwnerTag>*>(metadata + tags_at(slabs_))) {
  base::check(header_->magic == kMagic, "the metadata of the arena was not initialized");
}

// SYNC: none, of both: a slab behind it is claimed only by whoever has raised it.
std::size_t SlabTable::memory_end() const {
  return header_->memory_end.load(std::memory_order_relaxed);
}
std::size_t SlabTable::end() const { return header_->end.load(std::memory_order_relaxed); }

std::size_t SlabTable::next(std::size_t i, const SlabWord& word) const {
  i += word.slabs();
  return i < memory_slabs_ && i >= memory_end() ? memory_slabs_ : i;
}

bool SlabTable::note_overflow() {
  // SYNC: none: only the first of all is asked for.
  return !header_->overflow_noted.load(std::memory_order_relaxed) &&
         !header_->overflow_noted.exchange(true, std::memory_order_relaxed);
}

// SYNC: none, of these six: whoever reads an old value is a moment too early or too late.
std::uint32_t SlabTable::waiting() const {
  return header_->waiting.load(std::memory_order_relaxed);
}
void SlabTable::set_waiting(std::uint32_t count) {
  header_->waiting.store(count, std::memory_order_relaxed);
}

bool SlabTable::may_spill() const { return header_->may_spill.load(std::memory_order_relaxed); }
void SlabTable::set_may_spill(bool may) {
  header_->may_spill.store(may, std::memory_order_relaxed);
}

std::uint64_t SlabTable::copies() const { return header_->copies.load(std::memory_order_relaxed); }
void SlabTable::set_copies(std::uint64_t count) {
  header_->copies.store(count, std::memory_order_relaxed);
}

bool SlabTable::change(std::size_t slab, const SlabWord& from, const SlabWord& to) {
  std::uint64_t expected = pack(from);
  // SYNC: release: what was written in the old state is visible to whoever sees the new one; acquire:
  // as in word(). Sequentially consistent because of tag_block().
  return words_[slab].compare_exchange_strong(expected, pack(to), std::memory_order_seq_cst);
}

void SlabTable::store(std::size_t slab, const SlabWord& word) {
  // SYNC: release, as in change(). Only one thread may change this word now, so it need not compare.
  words_[slab].store(pack(word), std::memory_order_release);
}

// ---------------------------------------------------------------- claiming

// SYNC (tags): acquire: the last accesses to the block of whoever freed it come before our use of it.
// Sequentially consistent, like change(), because of tag_block().
bool SlabTable::all_free(std::size_t slab, std::uint8_t size_class) const {
  for (std::size_t block = 0, n = blocks_per_slab(size_class); block < n; ++block) {
    if (tag(slab, block).load(std::memory_order_seq_cst) != kNobody) {
      return false;
    }
  }
  return true;
}

bool SlabTable::any_free(std::size_t slab, std::uint8_t size_class) const {
  for (std::size_t block = 0, n = blocks_per_slab(size_class); block < n; ++block) {
    // SYNC: none: it is a hint.
    if (tag(slab, block).load(std::memory_order_relaxed) == kNobody) return true;
  }
  return false;
}

// Whether a claim of what `word` speaks for may succeed; a look, which takes nothing.
bool SlabTable::claimable(std::size_t slab, const SlabWord& word, From from, OwnerTag self) const {
  if (word.kind == SlabKind::kFree || is_free_run(word)) {
    return true;
  }
  if (!is_usable(word) || word.owner == self) {
    return false;
  }
  return (word.owner == kNobody || from == From::kUnusedAndEmpty) &&
         all_free(slab, word.size_class);
}

// Makes what `word` speaks for kClaimed by `self`. Gives the number of slabs, 0 when somebody was faster.
std::size_t SlabTable::try_claim(std::size_t slab, const SlabWord& word, OwnerTag self) {
  const SlabWord claimed{SlabKind::kClaimed, 0, self, 0};
  if (word.kind == SlabKind::kFree) {
    return change(slab, word, claimed) ? 1 : 0;
  }
  if (is_free_run(word)) {
    if (!change(slab, word, {SlabKind::kBreaking, 0, self, word.pages})) {
      return 0;
    }
    break_run(slab, word.slabs(), self);
    return word.slabs();
  }
  const SlabWord taking{SlabKind::kSmall, word.size_class, self, kTaking};
  if (!change(slab, word, taking)) {
    return 0;
  }
  if (all_free(slab, word.size_class)) {  // from now on nobody else can change that
    store(slab, claimed);
    return 1;
  }
  store(slab, {SlabKind::kSmall, word.size_class, kNobody, 0});
  return 0;
}

// A death here leaves kBreaking, which speaks for all slabs, or kClaimed in all of them.
void SlabTable::break_run(std::size_t slab, std::size_t count, OwnerTag self) {
  for (std::size_t i = count; i-- > 0;) {
    store(slab + i, {SlabKind::kClaimed, 0, self, 0});
  }
}

void SlabTable::release(std::size_t begin, std::size_t end) {
  for (std::size_t i = begin; i < end; ++i) {
    store(i, {});
  }
}

// Claims at least `count` slabs from `start` on and releases the excess. Gives `start`, or, when
// one of them is taken, the place after it, where the search continues.
std::size_t SlabTable::claim_from(std::size_t start, std::size_t count, OwnerTag self, From from) {
  std::size_t end = start;
  while (end < start + count) {
    const SlabWord found = word(end);
    const std::size_t claimed = claimable(end, found, from, self) ? try_claim(end, found, self) : 0;
    if (claimed == 0) {
      release(start, end);
      return end + 1;
    }
    end += claimed;
  }
  release(start + count, end);
  return start;
}

// Looks for so many slabs in a row that may be claimed.
std::optional<std::size_t> SlabTable::find_between(std::size_t begin, std::size_t end,
                                                   std::size_t count, OwnerTag self,
                                                   From from) const {
  std::size_t start = begin;  // where the free slabs just before `i` begin
  for (std::size_t i = begin; i < end;) {
    const SlabWord found = word(i);
    const bool free = claimable(i, found, from, self);
    i += found.slabs();
    if (!free) {
      start = i;
    } else if (i - start >= count) {
      return start;
    }
  }
  return std::nullopt;
}

// The first fit from below, because memory that was used before is in page tables already.
std::optional<std::size_t> SlabTable::claim_between(std::size_t begin, std::size_t end,
                                                    std::size_t count, OwnerTag self, From from) {
  for (auto start = find_between(begin, end, count, self, from); start;) {
    const std::size_t reached = claim_from(*start, count, self, from);
    if (reached == *start) return start;
    start = find_between(reached, end, count, self, from);
  }
  return std::nullopt;
}

// Makes so many more slabs of a part count, all of them free. Gives the first.
std::optional<std::size_t> SlabTable::extend(std::atomic<std::uint64_t>& end, std::size_t most,
                                             std::size_t count) {
  std::uint64_t found = end.load(std::memory_order_relaxed);  // SYNC: none, as in end()
  do {
    if (most - found < count) return std::nullopt;
  } while (!end.compare_exchange_weak(found, found + count, std::memory_order_relaxed));
  return found;
}

// New addresses come last: what was used before is warm.
std::optional<std::size_t> SlabTable::claim_range(std::size_t count, OwnerTag self, From from,
                                                  Part part) {
  const bool memory = part == Part::kMemory;
  const auto found = memory ? claim_between(0, memory_end(), count, self, from)
                            : claim_between(memory_slabs_, end(), count, self, from);
  if (found || (memory && from == From::kUnused)) return found;
  while (const auto more = memory ? extend(header_->memory_end, memory_slabs_, count)
                                  : extend(header_->end, slabs_, count)) {
    if (claim_from(*more, count, self, from) == *more) return more;  // else somebody was faster
  }
  return std::nullopt;
}

// Slabs of small blocks lie at the upper end, so that they do not cut the space for runs into pieces.
std::optional<std::size_t> SlabTable::claim_highest(OwnerTag self, From from) {
  for (std::size_t i = memory_end(); i-- > 0;) {
    const SlabWord found = word(i);  // a slab inside a run is kClaimed
    if (found.slabs() == 1 && claimable(i, found, from, self) && try_claim(i, found, self) == 1) {
      return i;
    }
  }
  return claim_range(1, self, from, Part::kMemory);
}

// ---------------------------------------------------------------- runs

// A free run of the right length is taken as it is; else free slabs are put together.
std::optional<std::size_t> SlabTable::take_run(OwnerTag self, std::uint32_t pages, From from,
                                               Part part) {
  const SlabWord run{SlabKind::kRun, 0, self, pages};
  const std::size_t begin = part == Part::kMemory ? 0 : memory_slabs_;
  const std::size_t end = part == Part::kMemory ? memory_end() : this->end();
  for (std::size_t i = begin; i < end; i += word(i).slabs()) {
    const SlabWord found = word(i);
    if (is_free_run(found) && found.slabs() == run.slabs() && change(i, found, run)) {
      return i;
    }
  }
  const std::optional<std::size_t> claimed = claim_range(run.slabs(), self, from, part);
  if (claimed) {
    store(*claimed, run);
  }
  return claimed;
}

bool SlabTable::retake_run(std::size_t slab, OwnerTag self, std::uint32_t pages) {
  const SlabWord run{SlabKind::kRun, 0, self, pages};
  const SlabWord found = word(slab);
  return is_free_run(found) && found.slabs() == run.slabs() && change(slab, found, run);
}

void SlabTable::set_run_owner(std::size_t slab, OwnerTag from, OwnerTag to) {
  for (;;) {  // the node may spill it
    const SlabWord found = word(slab);
    base::check(found.kind == SlabKind::kRun && found.owner == from,
                "a block is freed by its owner");
    SlabWord changed = found;
    changed.owner = to;
    if (change(slab, found, changed)) return;
  }
}

void SlabTable::hand_over_run(std::size_t slab, OwnerTag to) {
  for (SlabWord found = word(slab); found.owner != to; found = word(slab)) {
    base::check(found.kind == SlabKind::kRun && found.owner != kNobody,
                "a block that is handed over is in use");
    SlabWord changed = found;
    changed.owner = to;
    if (change(slab, found, changed)) {
      return;
    }
  }
}

// The slabs of a run are kClaimed but for its head, so the way back to the head ends at any other kind.
std::size_t SlabTable::find_run(std::size_t slab) const {
  for (std::size_t i = slab + 1; i-- > 0;) {
    const SlabWord found = word(i);
    if (found.kind == SlabKind::kRun) {
      return i + found.slabs() > slab ? i : slabs_;
    }
    if (found.kind != SlabKind::kClaimed) {
      return slabs_;
    }
  }
  return slabs_;
}

// ---------------------------------------------------------------- small blocks

std::optional<std::size_t> SlabTable::take_small(OwnerTag self, std::uint8_t size_class, From from,
                                                 Part part, const Ready& ready) {
  std::optional<std::size_t> claimed =
      part == Part::kMemory ? claim_highest(self, from) : claim_range(1, self, from, part);
  if (claimed && ready && !ready(*claimed)) {
    release(*claimed, *claimed + 1);
    claimed.reset();
  }
  if (claimed) {
    for (std::size_t block = 0, n = blocks_per_slab(size_class); block < n; ++block) {
      // An earlier owner may have tagged a block and had no time to take that back: see tag_block().
      // SYNC: none: the slab is ours alone, and its word publishes the tags.
      if (tag(*claimed, block).load(std::memory_order_relaxed) != kNobody) {
        tag(*claimed, block).store(kNobody, std::memory_order_relaxed);
      }
    }
    store(*claimed, {SlabKind::kSmall, size_class, self, 0});
  }
  return claimed;
}

// Somebody may be taking the slab from us because all its blocks are free. We tag the block and then look at
// the slab's word; the other changes the word and then looks at the tags. SYNC: all four accesses are sequentially
// consistent, so at least one of the two sees the other; if both do, the slab is abandoned and the block
// free. The tag is tentative at first, so that taking it back does not hit a block that another thread of this
// process got in the same place of what the slab has become.
SlabTable::Tagged SlabTable::tag_block(std::size_t slab, std::uint8_t size_class, std::size_t block,
                                       OwnerTag self) {
  std::atomic<OwnerTag>& place = tag(slab, block);
  OwnerTag found = kNobody;
  if (!place.compare_exchange_strong(found, tentative(self), std::memory_order_seq_cst)) {
    return Tagged::kNotFree;
  }
  const SlabWord ours{SlabKind::kSmall, size_class, self, 0};
  const bool still_ours = words_[slab].load(std::memory_order_seq_cst) == pack(ours);
  found = tentative(self);
  const bool kept =
      place.compare_exchange_strong(found, still_ours ? self : kNobody, std::memory_order_seq_cst);
  return !still_ours ? Tagged::kSlabLost : kept ? Tagged::kDone : Tagged::kNotFree;
}

bool SlabTable::adopt_small(std::size_t slab, OwnerTag self, std::uint8_t size_class) {
  return change(slab, {SlabKind::kSmall, size_class, kNobody, 0},
                {SlabKind::kSmall, size_class, self, 0});
}

// Whoever has it finds that it is lost, as when it was empty.
std::optional<std::size_t> SlabTable::adopt_any_small(OwnerTag self, std::uint8_t size_class,
                                                      Whose whose) {
  for (std::size_t i = end(); i-- > 0;) {
    if (i < memory_slabs_ && i >= memory_end()) i = memory_end() - 1;
    const SlabWord found = word(i);
    const bool fits = is_usable(found) && found.size_class == size_class && found.owner != self;
    if (!fits || (whose == Whose::kNobodys && found.owner != kNobody)) continue;
    if (any_free(i, size_class) && change(i, found, {SlabKind::kSmall, size_class, self, 0})) {
      return i;
    }
  }
  return std::nullopt;
}

bool SlabTable::abandon_small(std::size_t slab, OwnerTag self, std::uint8_t size_class) {
  return change(slab, {SlabKind::kSmall, size_class, self, 0},
                {SlabKind::kSmall, size_class, kNobody, 0});
}

bool SlabTable::release_small(std::size_t slab, OwnerTag self, std::uint8_t size_class) {
  return change(slab, {SlabKind::kSmall, size_class, self, 0}, {});
}

}  // namespace manta::objectstore
