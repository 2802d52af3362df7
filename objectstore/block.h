// A Block is this process's counted record of one block of the arena, and the Storage that arrays
// point into. There is at most one record per process and block; the BlockTable finds it.
//
//   create() --> mine --hand_over(peer)--> lent        mine: the last release frees the block
//   adopt(kLent) --> lent --adopt(kMine)--> mine       lent: the last release does nothing
//   adopt(kHeld), n times --> held                     held: the last release tells the node, n holds at once
//   mine --hand_over_to_node(n)--> held
//
// Invariants: the bytes of a block do not change once its ref was shared; the arena outlives its
//             blocks, also after the session ended, because each keeps its Store alive.
// Threads:    any; a transition needs a ref. Units: bytes; offsets into the arena.
#pragma once
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <vector>

#include "../base/id.h"
#include "../base/storage.h"
#include "arena/arena.h"

namespace manta::objectstore {

class BlockTable;
class Store;

// What a process may do with a block that it got from another one.
enum class Share : std::uint8_t {
  kLent,  // somebody else keeps the block alive as long as our call lasts
  kMine,  // its owner has made us the owner
  kHeld,  // the node keeps it and counts one hold more for us
};

class Block final : public base::Storage {
 public:
  std::uint64_t offset() const { return offset_; }
  std::byte* writable() const { return writable_; }  // null unless this process allocated it
  bool zeroed() const { return zeroed_; }            // all its bytes were 0 when it was allocated

  // SYNC: acquire: whoever sees a transition sees what was done before it.
  bool mine() const { return (claim_.load(std::memory_order_acquire) & kMineBit) != 0; }
  std::uint32_t holds() const { return claim_.load(std::memory_order_acquire) & ~kMineBit; }

  // A user fills it, until seal(). A forked child gets a copy of its own. SYNC: none: fork() orders it.
  void lend_to_user() { lent_to_user_.store(true, std::memory_order_relaxed); }
  bool lent_to_user() const { return lent_to_user_.load(std::memory_order_relaxed); }
  bool abandoned() const;  // it is of a store that this process was forked from
  Store& store() const { return *store_; }
  // The block is filled: if it has 1 MiB or more, this process cannot write to it any more.
  void seal();
  // From mine to lent: `to` becomes the owner; the bytes stay valid here as long as `to` keeps them.
  void hand_over(OwnerTag to);
  // From mine to held: the node becomes the owner and counts `holds` for this process.
  void hand_over_to_node(std::uint32_t holds = 1);

  // The object that the bytes belong to, for messages; nil when it is unknown.
  ObjectId object() const;
  void set_object(ObjectId id);
  // What people call the object, and where it was made; both may be empty.
  struct Label {
    std::string name = {};
    std::string site = {};
  };
  const Label* label() const { return label_.load(std::memory_order_acquire); }  // may be null
  void set_label(Label label);                                                   // once

  // Under the tables lock, or after the session's end: from now on nobody here reads the bytes, so that the node may
  // spill them. False: somebody does, or may: there are arrays or calls, no value that keeps the block, or values that
  // are read unasked.
  bool evict();
  // Under it, too: the node has said that they are in memory after all.
  void bytes_are_back() noexcept;
  bool begin_reading() noexcept override;
  void end_reading() noexcept override;
  void read_unasked() noexcept override { unasked_.store(true); }

  // How many references are those of values and of calls: the others are arrays.
  void count_keeper(Keeper keeper, int change) noexcept override;
  struct Keepers {
    std::uint32_t values = 0;  // and of calls that wait, which read as little
    std::uint32_t waiting_calls = 0;
    std::uint32_t calls = 0;  // that were sent
    std::uint32_t arrays = 0;
  };
  Keepers keepers() const;  // beside the caller's reference; a look at what changes
  // Whether there are arrays or calls, or a thread reads, as far as one look can tell: never false if there are.
  bool may_be_read() const;

 private:
  friend class BlockTable;
  static constexpr std::uint32_t kMineBit = std::uint32_t{1} << 31;
  static constexpr std::uint32_t kEvictedBit = std::uint32_t{1} << 31;
  static Keepers counted(std::uint64_t word);  // without arrays and calls that wait
  static constexpr unsigned kCallsShift = 28;
  static constexpr unsigned kChangesShift = 52;

  Block(Store& store, std::uint64_t offset, std::size_t size, std::byte* writable, bool zeroed);
  ~Block() override;
  void destroy() noexcept override;
  void share(Share share);

  const std::uint64_t offset_;
  std::byte* const writable_;
  const bool zeroed_;
  std::atomic<bool> lent_to_user_{false};
  std::atomic<std::uint32_t> claim_{0};
  std::atomic<std::uint64_t> object_hi_{0};
  std::atomic<std::uint64_t> object_lo_{0};
  // How many threads read now, and whether they may. SYNC: sequentially consistent, see begin_reading().
  std::atomic<std::uint32_t> reading_{0};
  // SYNC: sequentially consistent: it is set before a value keeps the block, and evict() looks for that first.
  std::atomic<bool> unasked_{false};
  // How many references values and calls have, and how often that has changed, in one word. SYNC: sequentially
  // consistent, as the count of references: see evict().
  std::atomic<std::uint64_t> keepers_{0};
  std::atomic<std::uint32_t> waiting_calls_{0};  // of those that count as values
  // Owned. SYNC: release when it is set, acquire when it is asked for: whoever finds it sees its texts.
  std::atomic<const Label*> label_{nullptr};
  base::Ref<Store> store_;
  Block* next_ = nullptr;  // in its bucket of the table
};

// All records of one store.
class BlockTable {
 public:
  explicit BlockTable(Store& store);
  ~BlockTable();

  // The record of a block just allocated: mine.
  base::Ref<Block> create(const Allocation& allocation);
  // The record of another process's block.
  base::Ref<Block> adopt(std::uint64_t offset, Share share);
  base::Ref<Block> find(std::uint64_t offset);  // null if it has no record here
  std::size_t size() const;                     // the number of records
  // Around fork(), so that no thread is inside, and none was when the child began.
  void lock_all();
  void unlock_all();
  // Between the two: every block that may be read.
  std::vector<base::Ref<Block>> read_locked() const;
  // Every block with a record.
  std::vector<base::Ref<Block>> all();
  // For a signal handler: the object of the block, nil when it is unknown or the table is busy.
  ObjectId object_of(std::uint64_t offset) const;

 private:
  friend class Block;
  struct Shard {
    mutable std::mutex mutex;
    std::vector<Block*> buckets;
    std::size_t size = 0;
  };
  static constexpr std::size_t kShards = 16;

  template <class Wanted>
  std::vector<base::Ref<Block>> find_all_locked(const Wanted& wanted) const;
  // Each put runs these. They stand here, because GCC does not inline what lies in a .cc with -fPIC.
  Shard& shard_of(std::uint64_t offset) const {
    return shards_[(offset / kBlockAlignment ^ offset / kSlabSize) % kShards];
  }
  static Block*& bucket_of(Shard& shard, std::uint64_t offset) {
    // The bits of an offset are not spread evenly: blocks of one size are multiples of it.
    const std::uint64_t hash = (offset / kBlockAlignment) * 0x9E3779B97F4A7C15u;
    return shard.buckets[(hash >> 32) & (shard.buckets.size() - 1)];
  }
  static void insert(Shard& shard, Block* block) {
    if (shard.size >= shard.buckets.size()) grow(shard);
    Block*& bucket = bucket_of(shard, block->offset_);
    block->next_ = bucket;
    bucket = block;
    ++shard.size;
  }
  static void grow(Shard& shard);
  static Block* find_live(Shard& shard, std::uint64_t offset);
  void forget(Block& block) noexcept;

  Store& store_;
  mutable Shard shards_[kShards];
};

}  // namespace manta::objectstore
