// Store first, where put_buffers() is the part that matters for speed; then the current store of the process and the
// list of all stores; at the end the messages for a store that is full.
#include "store.h"

#include <atomic>
#include <cstdio>
#include <cstring>
#include <mutex>
#include <string>
#include <unordered_map>

#include "../base/check.h"
#include "../base/error.h"
#include "../base/failpoint.h"
#include "../base/number_text.h"
#include "../serialization/stream/encoded.h"
#include "../serialization/stream/immutable_memory.h"
#include "arena/parallel_copy.h"
#include "forked_children.h"
#include "largest_uses.h"

namespace manta::objectstore {
namespace {

using serialization::Buffer;

// Buffers of this size and larger ones are not packed together.
constexpr std::size_t kOwnBlock = std::size_t{1} << 20;

constexpr std::size_t aligned(std::size_t size) {
  return (size + kBlockAlignment - 1) / kBlockAlignment * kBlockAlignment;
}

struct Current {
  std::mutex mutex;
  base::Ref<Store> store;
  std::vector<Store*> living;  // also those of ended sessions into which arrays still point
};

// Never destroyed: arrays are made and dropped in static destructors too.
Current& the_current() {
  static auto* const current = new Current;
  return *current;
}
// SYNC: whether it is worth taking the lock, which orders the rest.
std::atomic<bool> is_open{false};

}  // namespace

base::Ref<Store> Store::open(StoreOptions options) {
  return base::Ref<Store>::adopt(new Store(std::move(options)));
}

Store::Store(StoreOptions options)
    : keep_alive_(std::move(options.keep_alive)),
      arena_(options.files, options.metadata, options.self),
      blocks_(*this),
      release_holds_(std::move(options.release_holds)),
      name_of_(std::move(options.name_of)),
      put_timeout_(options.put_timeout) {
  const std::lock_guard lock(the_current().mutex);
  the_current().living.push_back(this);
}

Store::~Store() {
  const std::lock_guard lock(the_current().mutex);
  std::erase(the_current().living, this);
}

namespace {

bool may_get_room(StoreError error) {
  return error == StoreError::kFull || error == StoreError::kNoDisk;
}

}  // namespace

base::Result<base::Ref<Block>, StoreError> Store::create(std::size_t size, Population population) {
  return wait_for_room_ ? create_in_turn(size, population) : create_now(size, population);
}

// Memory; what the node can spill, which is asked for by waiting; the overflow; waiting.
base::Result<base::Ref<Block>, StoreError> Store::create_in_turn(std::size_t size,
                                                                 Population population) {
  if (size > arena_.largest_size()) return StoreError::kTooLarge;  // also while others wait
  base::Result<base::Ref<Block>, StoreError> block = StoreError::kFull;
  const auto take_in = [&](Part part) {
    block = create_now(size, population, part);
    return block.ok() || !may_get_room(block.error());
  };
  const auto take = [&] { return take_in(Part::kOverflow); };
  const bool others_wait = arena_.waiting() != 0;
  if (!others_wait && take_in(Part::kMemory)) return block;
  if (others_wait || arena_.may_spill() || !take()) wait_for_room_(size, take);
  return block;
}

base::Result<base::Ref<Block>, StoreError> Store::create_now(std::size_t size,
                                                             Population population, Part part) {
  const auto allocation = arena_.allocate(size, population, part);
  if (!allocation.ok()) {
    return allocation.error();
  }
  base::failpoint(base::Failpoint::kBlockAllocated);
  say_if_it_overflows(allocation->offset);
  return blocks_.create(*allocation);
}

void Store::say_if_it_overflows(std::uint64_t offset) {
  if (!arena_.is_overflow(offset) || !arena_.note_overflow()) return;
  const std::string line =
      "manta: the object store has " + std::to_string(arena_.capacity()) +
      " bytes, all in use; what is held beyond that lies in a file in " +
      arena_.overflow_place().directory +
      " from now on, as fast as that disk is; drop references, or give init a larger store "
      "(InitOptions::object_store_bytes)\n";
  std::fputs(line.c_str(), stderr);
}

// Commits the block's memory and copies, piece by piece. False if the kernel has no memory.
bool Store::fill(Block& block, const std::byte* from) {
  count_copied(block.size());
  std::atomic<bool> done{true};  // SYNC: none: the end of parallel_pieces() orders all accesses
  parallel_pieces(block.size(), [&](std::size_t at, std::size_t size) {
    if (arena_.populate(block.offset() + at, size)) {
      copy_piece(block.writable() + at, from + at, size);
    } else {
      done.store(false, std::memory_order_relaxed);
    }
  });
  return done.load(std::memory_order_relaxed);
}

// The block is not sealed: no user ever had its writable address, and sealing costs 16 us per MiB.
base::Result<Buffer, StoreError> Store::put_alone(const Buffer& buffer) {
  auto block = create(buffer.size, Population::kLater);
  if (!block.ok()) {
    return block.error();
  }
  if (!fill(**block, buffer.data)) {
    return StoreError::kNoMemory;
  }
  base::failpoint(base::Failpoint::kBlockFilled);
  const std::byte* const data = (*block)->data();
  return Buffer{data, buffer.size, std::move(*block)};
}

base::Result<std::vector<Buffer>, StoreError> Store::put_buffers(std::span<const Buffer> buffers) {
  std::vector<Buffer> stored(buffers.begin(), buffers.end());
  std::size_t packed = 0;
  if (arena_.overflow() == 0) {  // the whole value is held here: waiting gains nothing
    std::size_t whole = 0;
    for (const Buffer& buffer : stored) {
      if (block_of(buffer.storage.get()) == nullptr) whole += buffer.size;
    }
    if (whole > arena_.capacity()) return StoreError::kTooLarge;
  }
  for (Buffer& buffer : stored) {
    if (block_of(buffer.storage.get()) != nullptr) {
      continue;
    }
    if (buffer.size < kOwnBlock) {
      packed += aligned(buffer.size);
      continue;
    }
    auto alone = put_alone(buffer);
    if (!alone.ok()) {
      return alone.error();
    }
    buffer = std::move(*alone);
  }
  if (packed != 0) {
    const auto status = put_together(stored, packed);
    if (!status.ok()) {
      return status.error();
    }
  }
  return stored;
}

// Copies the buffers that lie outside the store, one after the other, into one block of `size` bytes.
base::Status<StoreError> Store::put_together(std::span<Buffer> buffers, std::size_t size) {
  const auto created = create(size);
  if (!created.ok()) {
    return created.error();
  }
  const base::Ref<Block>& block = *created;
  count_copied(size);
  std::size_t at = 0;
  for (Buffer& buffer : buffers) {
    if (block_of(buffer.storage.get()) != nullptr) {
      continue;
    }
    std::byte* const to = block->writable() + at;
    std::memcpy(to, buffer.data, buffer.size);
    // What an earlier user left must not leak.
    std::memset(to + buffer.size, 0, aligned(buffer.size) - buffer.size);
    buffer.data = block->data() + at;
    buffer.storage = block;
    at += aligned(buffer.size);
  }
  return {};
}

base::Result<PackedBytes::Place, StoreError> Store::put_packed(std::span<const std::byte> bytes,
                                                               IfFull if_full) {
  using NewBlock = PackedBytes::NewBlock;
  return packed_.put(bytes, [&](std::size_t size) -> base::Result<NewBlock, StoreError> {
    const auto block = if_full == IfFull::kWait ? create(size) : create_now(size);
    if (!block.ok()) return block.error();
    return NewBlock{*block, (*block)->writable()};
  });
}

void Store::release_holds(std::uint64_t offset, std::uint32_t holds) noexcept {
  // SYNC: acquire, with close(): what the hook needs exists as long as we see the store open.
  if (release_holds_ && open_.load(std::memory_order_acquire)) {
    release_holds_(offset, holds);
  }
}

// SYNC: release: with release_holds().
void Store::close() { open_.store(false, std::memory_order_release); }

// A value is evicted as if it were spilled, so that a thread which is reading it now keeps it. What has no record here
// is another process's, which is gone; or this one's, which a late thread is making or dropping just now.
void Store::give_back_memory() {
  alone_.store(true);
  if (keeps_memory_.load() || abandoned_) return;  // abandoned: its parent's, which has arrays
  const auto records = blocks_.all();
  if (records.empty()) return;  // the memory goes with the store
  std::unordered_map<std::uint64_t, bool> goes;
  for (const auto& block : records) goes.emplace(block->offset(), block->evict());
  arena_.discard([&](const BlockExtent& block) {
    const auto found = goes.find(block.offset);
    return found == goes.end() ? block.owner != arena_.self() : found->second;
  });
}

void Store::abandon() {
  abandoned_ = true;
  retain();  // it is never destroyed: its tables lie in memory that the child does not have
}

base::Ref<Store> current() {
  if (!is_open.load(std::memory_order_acquire)) {
    return {};
  }
  const std::lock_guard lock(the_current().mutex);
  return the_current().store;
}

namespace {

// Small arrays that come in line are decoded into the store: what readers see is read-only.
base::StorageRef copy_into_store(std::span<const std::byte> bytes) {
  const auto store = current();
  if (!store) return base::HeapStorage::copy_of(bytes);
  auto created = store->create(bytes.size());
  if (!created.ok()) throw_store_error(created.error(), bytes.size(), *store);
  std::memcpy(created.value()->writable(), bytes.data(), bytes.size());
  return created.value();
}

}  // namespace

void set_current(base::Ref<Store> store) {
  if (store) handle_forks();
  const std::lock_guard lock(the_current().mutex);
  // SYNC: a hint, see its declaration.
  is_open.store(static_cast<bool>(store), std::memory_order_release);
  serialization::set_immutable_memory(store ? copy_into_store : nullptr);
  std::swap(the_current().store, store);
}

void give_back_memory_of_ended() {
  std::vector<base::Ref<Store>> ended;
  {
    const std::lock_guard lock(the_current().mutex);
    for (Store* const store : the_current().living) {
      if (store->is_alone() && store->try_retain()) ended.push_back(base::Ref<Store>::adopt(store));
    }
  }
  for (const auto& store : ended) store->give_back_memory();
}

std::span<Store* const> lock_stores() {
  the_current().mutex.lock();
  return the_current().living;
}

void unlock_stores() { the_current().mutex.unlock(); }

void forget_current_in_child() {
  is_open.store(false);
  serialization::set_immutable_memory(nullptr);
  (void)the_current().store.detach();
}

namespace {

// SYNC: none: what it points to is code.
std::atomic<AskForUses> ask_for_uses{nullptr};

}  // namespace

void set_ask_for_uses(AskForUses ask) { ask_for_uses = ask; }

std::string Store::largest_uses() const {
  if (const AskForUses ask = ask_for_uses) {
    if (std::string text = ask(); !text.empty()) return text;
  }
  std::string text;
  for (const BlockExtent& block : arena_.largest(kLargestUses)) {
    const ObjectId object = blocks_.object_of(block.offset);
    text += "\n  " + std::to_string(block.size) + " bytes" +
            (object.is_nil() ? "" : ", object " + object.hex()) + ": owned by " +
            (name_of_ ? name_of_(block.owner) : "process " + std::to_string(block.owner));
  }
  return text;
}

namespace {

std::string on_disk(const StoreStats& stats, const Arena& arena) {
  return std::to_string(stats.spilled) + " of " + std::to_string(arena.overflow()) +
         " bytes in a file in " + arena.overflow_place().directory;
}

}  // namespace

std::string text_of(StoreError error, std::size_t size, const Store& store, Asked asked) {
  const StoreStats stats = store.stats();
  const Arena& arena = store.arena();
  const std::string bytes = std::to_string(size) + " bytes";
  const std::string state =
      std::to_string(stats.used) + " of " + std::to_string(stats.capacity) + " bytes are in use" +
      (arena.overflow() == 0 ? "" : ", and " + on_disk(stats, arena) + ",") + " by " +
      std::to_string(stats.objects) + (stats.objects == 1 ? " block" : " blocks") +
      (arena.beside() == 0 ? ""
                           : ", and " + std::to_string(arena.beside()) + " by rings and tables");
  const auto largest = [&] {
    const std::string uses = asked == Asked::kWaited ? store.largest_uses() : "";
    return uses.empty() ? uses : ". The largest:" + uses;
  };
  const double waited = std::chrono::duration<double>(store.put_timeout()).count();
  const std::string in_time =
      asked == Asked::kNow || waited == 0
          ? ""
          : " within " + base::number_text(waited) + " s (InitOptions::put_timeout)";
  switch (error) {
    case StoreError::kFull:
      return "object store: no room for " + bytes + in_time + ": " + state +
             "; drop references, or give init a larger store" + largest();
    case StoreError::kTooLarge:
      return "object store: " + bytes + " do not fit into a store of " +
             std::to_string(stats.capacity) + " bytes" +
             (arena.overflow() == 0 ? "" : " and " + on_disk(stats, arena)) +
             "; give init a larger store";
    case StoreError::kNoDisk:
      return "object store: no room for " + bytes + " in memory or on disk" + in_time + ": " +
             state + ", where " + std::to_string(arena.overflow_place().free) +
             " bytes are free; drop references, make room on the disk, or give init other "
             "directories (InitOptions::spill_dirs)" +
             largest();
    case StoreError::kNoMemory:
      break;
  }
  return "object store: the system has no memory for " + bytes + ", although only " + state +
         largest();
}

void throw_store_error(StoreError error, std::size_t size, const Store& store) {
  const std::string text = text_of(error, size, store, Asked::kWaited);
  switch (error) {
    case StoreError::kFull:
    case StoreError::kTooLarge:
      throw ObjectStoreFull(text);
    case StoreError::kNoDisk:
      throw OutOfDisk(text);
    case StoreError::kNoMemory:
      break;
  }
  throw OutOfMemory(text);
}

}  // namespace manta::objectstore
