// The SlabTable is the shared bookkeeping of the arena: one word per slab that says what it is used
// for, its pages (SlabPages), and for slabs of small blocks one owner tag per block.
//
//   kFree --claim--> kClaimed{owner} --> kSmall{class, owner} --abandon--> kSmall{class, nobody}
//                        |                    ^---------------adopt-------------/     (also from another process)
//                        |        kSmall, all blocks free --> taking --> kClaimed
//                        \--> kRun{owner, pages}    the head; the words after it mean nothing
//                                 --free--> kRun{nobody} --retake--> kRun{owner}
//                                                        --break--> kBreaking{owner} --> kClaimed
//   run:      kInMemory --node--> kSpilling --node--> kOnDisk     whoever owns it; freed, it waits for the node,
//                 ^---------node-----/------node-----/            which makes it kInMemory
//   kSmall{class, anybody} --node--> kSmall{class, node, kSpilling} --node--> kSmall{class, node, kOnDisk}
//   kSmall{class, nobody} <-------------------node----/     kFree <--node, all blocks free--/
//
// The slabs have two parts: those of memory, and behind them those of a file on disk, the overflow. Of both only so
// many count as were ever needed; of memory as many as the budget fills, and more when what is free lies in pieces:
//
//   0 ... memory_end() ... memory_slabs() ... end() ... slabs()
//   |-- memory --|-- never needed --|-- overflow --|-- never needed --|
//
// Invariants: (1) a transition of a slab or run is one change of one word, and each state names the process
//             after whose death it is cleaned up. (2) The words after the head of a run, also of a free or
//             breaking one, are never looked at. (3) A tag other than 0 is made by the owner of a
//             kSmall slab only, while that is in memory. (4) No run lies in both parts.
// Threads:    any, of any process. Units: slabs; pages of 4 KiB.
// Errors:     nullopt when nothing is found.
#pragma once
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "arena_sizes.h"
#include "owner_tag.h"
#include "size_class.h"
#include "slab_pages.h"
#include "slab_word.h"

namespace manta::objectstore {

inline constexpr std::size_t kTagsPerSlab = kSlabSize / kBlockAlignment;

// What may be taken: memory that nobody uses; or also slabs of small blocks that another process
// keeps, although they are empty.
enum class From : std::uint8_t { kUnused, kUnusedAndEmpty };

struct SlabCounts {
  std::size_t budget = 0;  // as many as may be full of memory at a time
  std::size_t memory = 0;  // at least as many
  std::size_t overflow = 0;
};

class SlabTable {
 public:
  // The size of the metadata; its first values; and the table in it, which must have been initialized.
  static std::size_t bytes(const SlabCounts& counts);
  static void initialize(std::byte* metadata, const SlabCounts& counts);
  explicit SlabTable(std::byte* metadata);

  std::size_t slabs() const { return slabs_; }
  std::size_t memory_slabs() const { return memory_slabs_; }
  std::size_t memory_end() const;
  std::size_t end() const;
  // Behind what the word of slab `i` speaks for, and behind those that were never needed.
  std::size_t next(std::size_t i, const SlabWord& word) const;
  SlabPages& pages() { return pages_; }
  const SlabPages& pages() const { return pages_; }
  SlabWord word(std::size_t slab) const {
    // SYNC: acquire: whoever sees a state sees what its maker wrote before (tags, the words of a run).
    return unpack(words_[slab].load(std::memory_order_acquire));
  }
  bool is_overflow(std::size_t slab) const { return slab >= memory_slabs_; }
  // True once, for whoever is to say that the overflow is used.
  bool note_overflow();
  // How many processes wait for room: the node says so.
  std::uint32_t waiting() const;
  void set_waiting(std::uint32_t count);
  bool may_spill() const;
  void set_may_spill(bool may);
  // How many blocks are copies of others, which are on disk.
  std::uint64_t copies() const;
  void set_copies(std::uint64_t count);

  // Takes a run for a block of `pages`, which are not charged. Gives its first slab.
  std::optional<std::size_t> take_run(OwnerTag self, std::uint32_t pages, From from,
                                      Part part = Part::kMemory);
  // Takes the run that begins there, if it is free and has as many slabs.
  bool retake_run(std::size_t slab, OwnerTag self, std::uint32_t pages);
  void set_run_owner(std::size_t slab, OwnerTag from, OwnerTag to);  // to kNobody: it is free
  // Two may hand a run to the same new owner at once (the old owner, and the node that it told): both succeed.
  void hand_over_run(std::size_t slab, OwnerTag to);
  // Whether there is room for a run of so many pages, and for a small block. A look: it may be gone, and
  // the disk of the overflow may have none.
  bool has_room(std::uint32_t pages) const;
  bool has_room_in_memory(std::uint32_t pages) const;
  bool has_small_room(std::uint8_t size_class, Part part = Part::kOverflow) const;
  // The head of the run that holds the slab, or slabs().
  std::size_t find_run(std::size_t slab) const;

  // Slabs of small blocks: takes one that nobody uses, if `ready` agrees while nobody else can have it; adopts any that
  // was abandoned and has room, or also one of another process; adopts that one.
  using Ready = std::function<bool(std::size_t slab)>;
  std::optional<std::size_t> take_small(OwnerTag self, std::uint8_t size_class, From from,
                                        Part part = Part::kMemory, const Ready& ready = {});
  enum class Whose : std::uint8_t { kNobodys, kAnybodys };
  std::optional<std::size_t> adopt_any_small(OwnerTag self, std::uint8_t size_class,
                                             Whose whose = Whose::kNobodys);
  bool adopt_small(std::size_t slab, OwnerTag self, std::uint8_t size_class);
  // Leaves a slab to whoever wants it; gives back an empty one. Both are false when the slab was taken from us, which
  // happens to empty ones, and to all where memory is short.
  bool abandon_small(std::size_t slab, OwnerTag self, std::uint8_t size_class);
  bool release_small(std::size_t slab, OwnerTag self, std::uint8_t size_class);
  // Tags a free block of a slab that we own, if the block is still free and the slab still ours.
  enum class Tagged { kDone, kNotFree, kSlabLost };
  Tagged tag_block(std::size_t slab, std::uint8_t size_class, std::size_t block, OwnerTag self);
  static std::size_t blocks_per_slab(std::uint8_t size_class) {
    return kSlabSize / class_size(size_class);
  }
  std::atomic<OwnerTag>& tag(std::size_t slab, std::size_t block) {
    return tags_[slab * kTagsPerSlab + block];
  }
  const std::atomic<OwnerTag>& tag(std::size_t slab, std::size_t block) const {
    return tags_[slab * kTagsPerSlab + block];
  }
  bool all_free(std::size_t slab, std::uint8_t size_class) const;
  bool any_free(std::size_t slab, std::uint8_t size_class) const;
  std::size_t count_free(std::size_t slab, std::uint8_t size_class) const;

  // Claims what begins with a slab if it is free; gives the number of slabs, which release() gives back. kUnused: free
  // runs and slabs of small blocks that were abandoned; kUnusedAndEmpty: also those that others keep.
  std::size_t claim(std::size_t slab, OwnerTag self, From from);
  void release(std::size_t begin, std::size_t end);
  // The pages that are charged for memory which could be claimed; whether there are so many with those that are not
  // charged.
  std::uint64_t charged_for_nothing(OwnerTag self, From from) const;
  bool has_pages(std::uint32_t pages, OwnerTag self, From from) const;

  // By the node: where the bytes of a run are. False, of one that is no run, or that nobody owns unless it is to be in
  // memory (a run that was freed meanwhile is free then).
  // Of a slab of small blocks the node becomes the owner, so that nobody allocates there, and nobody when it is in
  // memory again. False: its blocks are too small; all are free; one of them is being allocated; or somebody takes it.
  // One that was on disk is a free slab when it is in memory: all its blocks must be free.
  bool set_bytes(std::size_t slab, RunBytes bytes);
  // By the node: frees what a dead process owned; corrects the count of charged pages.
  void sweep(OwnerTag dead);
  void settle();
  // What is wrong with the table, while nobody changes it; empty: nothing.
  std::vector<std::string> faults() const;

 private:
  struct Header;
  using Word = std::atomic<std::uint64_t>;

  bool change(std::size_t slab, const SlabWord& from, const SlabWord& to);
  void store(std::size_t slab, const SlabWord& word);
  bool claimable(std::size_t slab, const SlabWord& word, From from, OwnerTag self) const;
  std::size_t try_claim(std::size_t slab, const SlabWord& word, OwnerTag self);
  void break_run(std::size_t slab, std::size_t count, OwnerTag self);
  std::optional<std::size_t> claim_range(std::size_t count, OwnerTag self, From from, Part part);
  std::optional<std::size_t> claim_between(std::size_t begin, std::size_t end, std::size_t count,
                                           OwnerTag self, From from);
  std::optional<std::size_t> find_between(std::size_t begin, std::size_t end, std::size_t count,
                                          OwnerTag self, From from) const;
  std::optional<std::size_t> extend(std::atomic<std::uint64_t>& end, std::size_t most,
                                    std::size_t count);
  std::size_t claim_from(std::size_t start, std::size_t count, OwnerTag self, From from);
  std::optional<std::size_t> claim_highest(OwnerTag self, From from);
  void sweep_small(std::size_t slab, const SlabWord& word, OwnerTag dead);
  bool set_small_bytes(std::size_t slab, const SlabWord& word, RunBytes bytes);
  bool may_spill_small(std::size_t slab, std::uint8_t size_class) const;

  Header* header_;
  std::size_t memory_slabs_;
  std::size_t slabs_;
  Word* words_;
  SlabPages pages_;
  std::atomic<OwnerTag>* tags_;
};

}  // namespace manta::objectstore
