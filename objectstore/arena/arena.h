// An Arena is one process's view of the object store's memory: one memfd for the whole session,
// divided into slabs of 1 MiB, with its bookkeeping in metadata that all processes share.
//
//   slab:   free --claim--> claimed --+--> small: blocks of one size class --empty--> free
//                                     \--> head of a run of slabs: one block
//   run:    owned --free--> free run --taken whole or apart--> owned, or claimed
//   block:  free --allocate--> tagged with its owner --hand_over--> with another's --free--> free
//
// Every process maps the memory once, read-only, from a descriptor opened O_RDONLY. What it
// allocates it also maps writable, at the same distance in a second window; seal() takes the write
// permission away. What has no room in memory lies in the overflow: slabs of a file on disk, which are mapped behind
// those of memory and are used in the same way. There may be more slabs of memory than the budget can fill: free ones
// are emptied where it is needed (slab_pages.h).
//
// Invariants: (1) a block is free exactly when its tag is 0; any process frees it by one atomic
//             store. (2) Memory is committed before it is handed out: no SIGBUS. (3) A process that
//             dies at any instruction leaves only slabs and tags that carry its own tag, which
//             sweep() frees. (4) No lock lies in shared memory.
// Threads:    any; but sweep(), populate_ahead(), decommit_overflow(), set_beside() and settle() belong to one thread
//             of the node.
// Units:      bytes; offsets from the start of the arena.
// Errors:     StoreError; the constructor throws std::system_error. A bad offset breaks an
//             invariant (check).
#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "../../base/result.h"
#include "arena_files.h"
#include "arena_sizes.h"
#include "owner_tag.h"
#include "slab_word.h"
#include "store_error.h"
#include "store_stats.h"

namespace manta::objectstore {

struct ArenaSize {
  std::size_t memory = 0;  // the budget
  std::size_t overflow = 0;
  // Of the memory, if there are more: then free memory in small pieces makes room for a large block, too.
  std::size_t addresses = 0;
};

enum class Population {
  kNow,  // committed and mapped writable on return
  // Runs are only mapped: the caller calls populate() for each part before it writes there.
  kLater
};

// What is spilled: slabs of small blocks of which half or more are free, which on disk keep the addresses of a whole
// slab; or all others, and runs.
enum class Filling : std::uint8_t { kDense, kSparse };

// A block that this process owns.
struct Allocation {
  std::uint64_t offset = 0;
  std::size_t size = 0;   // what was asked for
  bool zeroed = false;    // the memory was never used: all bytes are 0
  bool populated = true;  // false only with Population::kLater
};

// A block as the metadata describes it.
struct BlockExtent {
  std::uint64_t offset = 0;
  std::size_t size = 0;  // its room: at least what was asked for
  OwnerTag owner = kNobody;
  RunBytes bytes = RunBytes::kInMemory;
};

class Arena {
 public:
  // The size of the metadata for an arena. It is address space, touched only as far as it is used.
  static std::size_t metadata_size(const ArenaSize& size);
  // Prepares zeroed metadata. The node does so before anybody else opens the arena.
  static void initialize(std::byte* metadata, std::size_t metadata_size, const ArenaSize& size);

  // `metadata` must outlive the arena; the descriptors may be closed afterwards.
  Arena(const ArenaDescriptors& files, std::byte* metadata, OwnerTag self);
  ~Arena();
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  OwnerTag self() const;
  std::size_t capacity() const { return capacity_; }             // of the memory
  std::size_t overflow() const { return span_ - memory_span_; }  // most bytes that may lie there
  // As many bytes of small values each process keeps in memory of its own; what is beyond lies here.
  std::size_t small_values_cap() const { return std::max(capacity() / 64, std::size_t{1} << 20); }
  // What the session shares beside the arena, and counts against the same budget.
  std::size_t beside() const;
  std::size_t left_for_blocks() const { return capacity() - beside(); }
  std::size_t largest_size() const { return std::max(capacity(), overflow()); }  // of a block
  bool is_overflow(std::uint64_t offset) const { return offset >= memory_span_; }
  // True once in a session: for whoever is to say that the overflow is used.
  bool note_overflow();
  OverflowPlace overflow_place() const;
  // How many wait for room: whoever asks later must wait behind them.
  std::uint32_t waiting() const;
  // Whether the node may have something to spill: it is asked, then, before the overflow is used.
  bool may_spill() const;
  const std::byte* read_base() const { return read_base_; }
  const std::byte* readable(std::uint64_t offset) const { return read_base_ + offset; }
  // Where a block that this process allocated is filled.
  std::byte* writable(std::uint64_t offset) const { return write_base_ + offset; }
  // Whether an address lies in the read-only mapping, or in the writable window; its offset, for an address in
  // either.
  bool contains(const void* address) const { return distance(address, read_base_) < span_; }
  bool in_writable_window(const void* address) const {
    return distance(address, write_base_) < span_;
  }
  std::uint64_t offset_of(const void* address) const {
    return distance(address, contains(address) ? read_base_ : write_base_);
  }

  // A block aligned to 64 bytes, and to a page from 1 MiB on, which this process owns.
  // kMemory: not in the overflow.
  base::Result<Allocation, StoreError> allocate(std::size_t size,
                                                Population population = Population::kNow,
                                                Part part = Part::kOverflow);
  // Commits a part of a block allocated with kLater and maps it. Several threads may do so for parts that are aligned
  // to pages. False if the kernel has no memory.
  bool populate(std::uint64_t offset, std::size_t size);
  // Takes the permission to write to a filled block away from this process, if it has kSealedSize or more.
  void seal(std::uint64_t offset);
  // By the owner: `to` frees the block from now on. A process tells the node before it hands a block over to
  // it, and the node hands the block over to itself when it learns of that, so that a death in between
  // loses nothing: both may do it at once.
  void hand_over(std::uint64_t offset, OwnerTag to);
  // By the owner, whichever process that is.
  void free(std::uint64_t offset);

  // The block around `offset`, in use or free; its size is 0 if no block lies there. Async-signal-safe.
  BlockExtent block_at(std::uint64_t offset) const;
  // Counts all blocks: the cost grows with the number of slabs in use.
  StoreStats stats() const;
  // How many of the blocks are copies of others, which are on disk.
  std::uint64_t copies() const;
  // The `count` largest blocks in use, largest first; of one size those with the lowest offsets.
  std::vector<BlockExtent> largest(std::size_t count) const;

  // Gives back those slabs that this process keeps for small blocks and that are empty.
  void trim();

  // By the last process of a session that has ended: gives back what is free, and the memory of those blocks in use for
  // which `goes` is true; later, of one block that nobody reads any more, its whole pages.
  void discard(const std::function<bool(const BlockExtent&)>& goes);
  void discard(std::uint64_t offset);

  // In a forked child, once: what was read stays readable. See forked_children.h.
  void reserve_in_child();
  void copy_in_child(std::uint64_t offset, std::size_t size);
  void forget_in_child();

  // By the node: whether there is room for a block, as far as a look can tell, in memory or anywhere; how
  // many wait for it.
  bool has_room(std::size_t size, Part part = Part::kOverflow) const;
  void set_waiting(std::uint32_t count);
  void set_may_spill(bool may);
  void set_copies(std::uint64_t count);
  // By the node: the share of the budget that blocks and what was freed last take; the addresses of the memory.
  double filled() const;
  std::size_t addresses() const { return memory_span_; }
  // By the node, of what is spilled whole: a block in a run of slabs, by its offset; or all blocks of a slab, by the
  // offset of any of them or of the slab. Spilling begins (false: it is too small, in the overflow or free, or somebody
  // allocates there), ends well, so that its memory is free, or does not (also of what is on disk, when all of it is
  // free). What is not in memory is not read; freed, its addresses are used again only after keep_in_memory().
  bool begin_spill(std::uint64_t offset);
  void end_spill(std::uint64_t offset);
  void keep_in_memory(std::uint64_t offset);
  // By the node: what may be spilled, from `offset` on, up to `bytes` of it, slabs of small blocks as one each; the
  // blocks in use in what begins there; whether the budget has so much left, so that only addresses may be missing.
  std::vector<BlockExtent> spillable(std::uint64_t offset, std::size_t bytes,
                                     Filling filling = Filling::kDense) const;
  std::vector<BlockExtent> blocks_in(std::uint64_t offset) const;
  bool has_memory(std::size_t size) const;
  // By the node: frees what a dead process owned.
  void sweep(OwnerTag dead);
  // By the node, when it is idle: commits at most `step` bytes of free memory, until `keep` bytes are ready.
  // Gives the number of bytes that it committed, 0 when nothing was to be done.
  std::size_t populate_ahead(std::size_t step, std::size_t keep);
  // An errno, if the kernel has refused a huge page here; else 0.
  int why_no_huge_pages() const;
  // By the node: gives what is free in the overflow back to the disk. Gives the number of bytes.
  std::size_t decommit_overflow();
  // By the node: so many bytes are shared beside the arena. They may be more than the budget has left: then free memory
  // is given back, and blocks have room again when enough of them are gone.
  void set_beside(std::size_t bytes);
  // What is wrong with the accounts, while no process changes them; empty: nothing.
  std::vector<std::string> faults() const;
  // By the node, now and then: puts right what a death has made wrong in the count of memory that is in use.
  void settle();

 private:
  struct State;
  std::size_t claim_for_huge_page(std::size_t slab);
  template <class Visit>
  void for_each_block_in(std::size_t slab, const SlabWord& word, Visit&& visit) const;
  void discard_in(std::size_t slab, const SlabWord& word,
                  const std::function<bool(const BlockExtent&)>& goes);
  template <class Visit>
  void for_each_block(Visit&& visit) const;
  static std::uint64_t distance(const void* address, const std::byte* base) {
    return reinterpret_cast<std::uintptr_t>(address) - reinterpret_cast<std::uintptr_t>(base);
  }

  std::unique_ptr<State> state_;
  const std::byte* read_base_;
  std::byte* write_base_;
  std::size_t capacity_;
  std::size_t memory_span_;  // addresses
  std::size_t span_;         // with those of the overflow
};

}  // namespace manta::objectstore
