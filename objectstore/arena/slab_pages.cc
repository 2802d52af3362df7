// SYNC: none in this file, all accesses are relaxed: the kernel commits memory, and the numbers only say that it has;
// whoever claims a slab sees what its last owner wrote, by the slab's word in the SlabTable. Words are changed by
// read-modify-write where threads of one process may populate a slab together. begin_emptying() and emptied() load and
// store: they are for whoever has taken the slab away from all others. The sum of what is charged may be wrong after a
// death between the sum and the words: settle() sets it right when it has found the same difference twice.
#include "slab_pages.h"

#include <algorithm>
#include <new>

namespace manta::objectstore {
namespace {

// The word of a slab: the pages that are committed, those that are charged, and whether it was used.
constexpr std::uint32_t kCountBits = 9;
constexpr std::uint32_t kCountMask = (1U << kCountBits) - 1;
constexpr std::uint32_t kUsedBit = 1U << 31;
static_assert(kSlabPages <= kCountMask);

constexpr std::uint32_t committed_in(std::uint32_t word) { return word & kCountMask; }
constexpr std::uint32_t charged_in(std::uint32_t word) { return word >> kCountBits & kCountMask; }
constexpr std::uint32_t with_committed(std::uint32_t word, std::uint32_t pages) {
  return (word & ~kCountMask) | pages;
}
constexpr std::uint32_t with_charged(std::uint32_t word, std::uint32_t pages) {
  return (word & ~(kCountMask << kCountBits)) | pages << kCountBits;
}

}  // namespace

struct SlabPages::Header {
  std::uint64_t budget = 0;
  std::atomic<std::uint64_t> charged{0};
  std::atomic<std::uint64_t> beside{0};
};

std::size_t SlabPages::bytes(std::size_t slabs) {
  return (sizeof(Header) + slabs * sizeof(Word) + kPage - 1) / kPage * kPage;
}

void SlabPages::initialize(std::byte* metadata, std::uint64_t budget) {
  (new (metadata) Header)->budget = budget;
}

SlabPages::SlabPages(std::byte* metadata)
    : header_(reinterpret_cast<Header*>(metadata)),
      budget_(header_->budget),
      words_(reinterpret_cast<Word*>(metadata + sizeof(Header))) {}

std::uint64_t SlabPages::left() const {
  const std::uint64_t taken = counted() + beside();
  return taken < budget_ ? budget_ - taken : 0;
}

std::uint64_t SlabPages::excess() const {
  const std::uint64_t taken = counted() + beside();
  return taken > budget_ ? taken - budget_ : 0;
}

void SlabPages::set_beside(std::uint64_t pages) {
  header_->beside.store(std::min(pages, budget_ / 2), std::memory_order_relaxed);
}

std::uint64_t SlabPages::beside() const { return header_->beside.load(std::memory_order_relaxed); }

std::uint32_t SlabPages::charged(std::size_t slab) const {
  return charged_in(words_[slab].load(std::memory_order_relaxed));
}

// Each slab of the run that is charged too little, as (slab, pages charged, pages wanted).
template <class Body>
void SlabPages::for_each_missing(std::size_t slab, std::uint32_t pages, Body&& body) const {
  for (std::uint32_t at = 0; at < pages; at += kSlabPages) {
    const std::size_t i = slab + at / kSlabPages;
    const std::uint32_t wanted = std::min(pages - at, kSlabPages);
    if (const std::uint32_t found = charged(i); found < wanted) body(i, found, wanted);
  }
}

std::uint64_t SlabPages::missing(std::size_t slab, std::uint32_t pages) const {
  std::uint64_t sum = 0;
  for_each_missing(slab, pages, [&](std::size_t, std::uint32_t found, std::uint32_t wanted) {
    sum += wanted - found;
  });
  return sum;
}

bool SlabPages::charge(std::size_t slab, std::uint32_t pages) {
  const std::uint64_t more = missing(slab, pages);
  if (more == 0) return excess() == 0;
  std::uint64_t sum = header_->charged.load(std::memory_order_relaxed);
  do {
    if (sum + more + beside() > budget_) return false;
  } while (!header_->charged.compare_exchange_weak(sum, sum + more, std::memory_order_relaxed));
  for_each_missing(slab, pages, [&](std::size_t i, std::uint32_t, std::uint32_t wanted) {
    std::uint32_t word = words_[i].load(std::memory_order_relaxed);
    while (!words_[i].compare_exchange_weak(word, with_charged(word, wanted),
                                            std::memory_order_relaxed)) {
    }
  });
  return true;
}

std::uint32_t SlabPages::committed(std::size_t slab) const {
  return committed_in(words_[slab].load(std::memory_order_relaxed));
}

void SlabPages::set_committed(std::size_t slab, std::uint32_t pages) {
  std::uint32_t word = words_[slab].load(std::memory_order_relaxed);
  while (committed_in(word) < pages) {
    if (words_[slab].compare_exchange_weak(word, with_committed(word, pages),
                                           std::memory_order_relaxed)) {
      return;
    }
  }
}

bool SlabPages::mark_used(std::size_t slab) {
  if ((words_[slab].load(std::memory_order_relaxed) & kUsedBit) != 0) {
    return false;
  }
  return (words_[slab].fetch_or(kUsedBit, std::memory_order_relaxed) & kUsedBit) == 0;
}

void SlabPages::begin_emptying(std::size_t slab, std::uint32_t pages) {
  const std::uint32_t word = words_[slab].load(std::memory_order_relaxed);
  words_[slab].store(with_committed(word | kUsedBit, std::min(committed_in(word), pages)),
                     std::memory_order_relaxed);
}

void SlabPages::emptied(std::size_t slab, std::uint32_t pages) {
  const std::uint32_t word = words_[slab].load(std::memory_order_relaxed);
  const std::uint32_t kept = std::min(charged_in(word), pages);
  words_[slab].store(kept == 0 ? 0 : with_charged(word, kept), std::memory_order_relaxed);
  header_->charged.fetch_sub(charged_in(word) - kept, std::memory_order_relaxed);
}

std::uint64_t SlabPages::counted() const {
  return header_->charged.load(std::memory_order_relaxed);
}

void SlabPages::settle(std::uint64_t counted, std::uint64_t sum) {
  if (counted != sum && counted == last_counted_ && sum == last_sum_) {
    header_->charged.compare_exchange_strong(counted, sum, std::memory_order_relaxed);
  }
  last_counted_ = counted;
  last_sum_ = sum;
}

}  // namespace manta::objectstore
