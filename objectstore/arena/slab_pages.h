// SlabPages says in shared metadata how much memory each slab has, and keeps all of it within the budget of the store.
//
//   pages of a slab:   none --charge--> charged --commit--> committed --empty--> none
//
// There may be more slabs than the budget has pages for: slabs are addresses. A slab's pages count against the budget
// from when they are charged, by the process that has the slab, until the slab is emptied, used or not. So a slab that
// is free, but charged, is used again without asking. What the session's processes share beside the arena takes part of
// the same budget. Nobody asks before it grows, so it may be more than what is left: until that much was given back,
// nothing is charged, and free slabs are not used again.
//
// Invariants: (1) of a slab, at most the charged pages are committed, from its start. (2) The sum of what is charged is
//             at most the budget, and no charge makes it more than what is beside leaves of it. Its count is too high
//             after a process that died while it charged or emptied, until settle() has looked twice.
// Threads:    any, of any process; a slab's pages are changed by the process that has claimed the slab.
// Units:      pages of 4 KiB.
#pragma once
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "arena_sizes.h"

namespace manta::objectstore {

class SlabPages {
 public:
  // The size of its metadata; its first values; and itself on metadata that was initialized.
  static std::size_t bytes(std::size_t slabs);
  static void initialize(std::byte* metadata, std::uint64_t budget);
  explicit SlabPages(std::byte* metadata);

  std::uint64_t budget() const { return budget_; }
  std::uint64_t left() const;  // of the budget
  // By the node: so many pages are shared beside the arena. Of them at most half of the budget counts, so that the
  // store of many processes is never without memory.
  void set_beside(std::uint64_t pages);
  std::uint64_t beside() const;
  std::uint64_t excess() const;  // so many pages more are charged than the budget has

  // Charges what a run of so many pages that begins with this slab needs beyond what its slabs are charged already:
  // all of it, or nothing if the budget has not as much left, or is exceeded.
  bool charge(std::size_t slab, std::uint32_t pages);
  std::uint64_t missing(std::size_t slab, std::uint32_t pages) const;  // so many it would charge
  std::uint32_t charged(std::size_t slab) const;

  // How far a slab's memory is committed, and whether anybody ever wrote there since it was empty.
  std::uint32_t committed(std::size_t slab) const;
  void set_committed(std::size_t slab, std::uint32_t pages);  // at least so many
  bool mark_used(std::size_t slab);                           // true if it was never used before

  // Before the slab's memory but for its first `pages` is given back to the system, and after: a death in between
  // leaves nothing that counts as committed but is not, and nothing that counts as never used but was.
  void begin_emptying(std::size_t slab, std::uint32_t pages = 0);
  void emptied(std::size_t slab, std::uint32_t pages = 0);

  // By the node, now and then: what is counted as charged, read before the slabs are; and the sum of what they are
  // charged. Corrects the count if both were the same the last time.
  std::uint64_t counted() const;
  void settle(std::uint64_t counted, std::uint64_t sum);

 private:
  struct Header;
  using Word = std::atomic<std::uint32_t>;

  template <class Body>
  void for_each_missing(std::size_t slab, std::uint32_t pages, Body&& body) const;

  Header* header_;
  std::uint64_t budget_;
  Word* words_;
  std::uint64_t last_counted_ = 0;  // when settle() looked last
  std::uint64_t last_sum_ = 0;
};

}  // namespace manta::objectstore
