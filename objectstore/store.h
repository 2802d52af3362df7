// A Store is one process's access to the object store of its session: the arena and the records of
// the blocks that this process uses. It lives until the session is closed and the last array that
// points into it is gone.
//
//   open --> current() --close--> nothing new, but all stays readable --last Block gone--> destroyed
//
// Invariants: buffers of put_buffers() are immutable from then on; a Block keeps its Store alive.
// Threads:    any. Units: bytes.
// Errors:     StoreError; throw_store_error() makes the user's exception out of it, text_of() its text.
#pragma once
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "../base/counted.h"
#include "../base/result.h"
#include "arena/arena.h"
#include "block.h"
#include "packed_bytes.h"

namespace manta::serialization {
struct Buffer;
}

namespace manta::objectstore {

struct StoreOptions {
  ArenaDescriptors files = {};  // of the arena; they may be closed after open()
  std::byte* metadata = nullptr;
  OwnerTag self = kNobody;
  base::Ref<base::Counted> keep_alive = {};  // holds the mapping of the metadata
  // Is called, by any thread, when the last local reference to a held block is gone, until close().
  std::function<void(std::uint64_t offset, std::uint32_t holds)> release_holds = {};
  // For messages: what process it is that owns a block ("a worker (pid 12)"), and how long a thread waits for room.
  std::function<std::string(OwnerTag)> name_of = {};
  std::chrono::milliseconds put_timeout = {};
};

class Store final : public base::Counted {
 public:
  static base::Ref<Store> open(StoreOptions options);  // throws std::system_error

  Arena& arena() { return arena_; }
  const Arena& arena() const { return arena_; }
  BlockTable& blocks() { return blocks_; }
  const BlockTable& blocks() const { return blocks_; }
  PackedBytes& packed() { return packed_; }

  // A new block, writable until its seal(). Where there is no room it waits, as set_wait_for_room() says.
  base::Result<base::Ref<Block>, StoreError> create(std::size_t size,
                                                    Population population = Population::kNow);
  // The same, but it never waits.
  base::Result<base::Ref<Block>, StoreError> create_now(std::size_t size,
                                                        Population population = Population::kNow,
                                                        Part part = Part::kOverflow);
  // If the block lies on disk, in the overflow: says so on stderr, once for all processes of the node.
  void say_if_it_overflows(std::uint64_t offset);
  // How threads of this process wait for `size` bytes: it calls `take` when it is their turn, until that gives true, or
  // gives up. It is set before any thread needs it; without it nothing waits.
  using TakeRoom = std::function<bool()>;
  using WaitForRoom = std::function<void(std::size_t size, const TakeRoom& take)>;
  void set_wait_for_room(WaitForRoom wait) { wait_for_room_ = std::move(wait); }
  // Puts all bytes into blocks of this store, for a value that leaves this process. Buffers that are
  // in one already stay as they are; others are copied (in parallel when they are large), those of 1 MiB and
  // more into a block each, the smaller ones together into one. All are put, or none.
  base::Result<std::vector<serialization::Buffer>, StoreError> put_buffers(
      std::span<const serialization::Buffer> buffers);
  // A copy of a few bytes, in a block with others of their kind. kRefuse: it does not wait for room.
  enum class IfFull { kWait, kRefuse };
  base::Result<PackedBytes::Place, StoreError> put_packed(std::span<const std::byte> bytes,
                                                          IfFull if_full);
  // The block that holds these bytes; null if their memory lies outside the store.
  Block* block_of(const base::Storage* storage) const {
    if (storage == nullptr || !arena_.contains(storage->data())) return nullptr;
    return const_cast<Block*>(static_cast<const Block*>(storage));
  }

  StoreStats stats() const { return arena_.stats(); }
  // The largest blocks in use and what holds them, for messages: a line of text each (largest_uses.h).
  std::string largest_uses() const;
  std::chrono::milliseconds put_timeout() const { return put_timeout_; }
  // The session has ended: the node is not told of anything any more.
  void close();
  // And so have its other processes: memory that no array points into is given back, now and when the last reference to
  // a block goes; values in packs keep theirs.
  void give_back_memory();
  bool is_alone() const { return alone_.load(); }  // that was called
  // A forked child reads arrays that this process counts no longer: all memory stays.
  void keep_memory() { keeps_memory_.store(true); }

  // In a forked child: the store is its parent's. Blocks stay readable, and nothing is freed.
  void abandon();
  bool abandoned() const { return abandoned_; }

 private:
  friend class Block;
  explicit Store(StoreOptions options);
  ~Store() override;
  base::Result<base::Ref<Block>, StoreError> create_in_turn(std::size_t size,
                                                            Population population);
  bool fill(Block& block, const std::byte* from);
  base::Result<serialization::Buffer, StoreError> put_alone(const serialization::Buffer& buffer);
  base::Status<StoreError> put_together(std::span<serialization::Buffer> buffers, std::size_t size);
  void release_holds(std::uint64_t offset, std::uint32_t holds) noexcept;
  bool gives_memory_back() const { return is_alone() && !keeps_memory_.load(); }

  base::Ref<base::Counted> keep_alive_;
  Arena arena_;
  BlockTable blocks_;
  PackedBytes packed_;
  std::atomic<bool> open_{true};
  // SYNC: sequentially consistent, both: whoever drops a block and sees that it is alone gives the memory back.
  std::atomic<bool> alone_{false};
  std::atomic<bool> keeps_memory_{false};
  bool abandoned_ = false;  // set while the process has one thread
  std::function<void(std::uint64_t, std::uint32_t)> release_holds_;
  std::function<std::string(OwnerTag)> name_of_;
  const std::chrono::milliseconds put_timeout_;
  WaitForRoom wait_for_room_;
};

// The store of the open session; null if no session is open. set_current(nullptr) ends it.
base::Ref<Store> current();
void set_current(base::Ref<Store> store);
// For stores of ended sessions once more: refs that are left may have kept what arrays let go of.
void give_back_memory_of_ended();
// Around fork(): all stores that exist, also those of ended sessions; between the two none comes or goes. In the child
// none of them is the current one from then on.
std::span<Store* const> lock_stores();
void unlock_stores();
void forget_current_in_child();

// What was asked for, what is in use, and what to do. Of what has waited, also how long, and who holds the largest
// blocks: others are asked for those, so it is not for threads that must not wait.
enum class Asked { kNow, kWaited };
std::string text_of(StoreError error, std::size_t size, const Store& store, Asked asked);
// Throws ObjectStoreFull, OutOfDisk or OutOfMemory with the text of what has waited.
[[noreturn]] void throw_store_error(StoreError error, std::size_t size, const Store& store);

}  // namespace manta::objectstore
