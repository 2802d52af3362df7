// Block first: its transitions, and destroy(), which says what the end of the last ref means. Then the table, a hash
// table of chains in 16 shards, each with a lock of its own.
#include "block.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "../base/check.h"
#include "../base/failpoint.h"
#include "store.h"

namespace manta::objectstore {

namespace {

constexpr std::size_t kMostSite = 1024;  // names of templates may be much longer

}  // namespace

// ---------------------------------------------------------------- Block

Block::Block(Store& store, std::uint64_t offset, std::size_t size, std::byte* writable, bool zeroed)
    : Storage(store.arena().readable(offset), size),
      offset_(offset),
      writable_(writable),
      zeroed_(zeroed),
      store_(base::Ref<Store>::retain(&store)) {}

Block::~Block() { delete label_.load(std::memory_order_relaxed); }  // SYNC: the last ref is gone

bool Block::abandoned() const { return store_->abandoned(); }

void Block::seal() {
  lent_to_user_.store(false, std::memory_order_relaxed);  // SYNC: none: fork() orders it
  store_->arena().seal(offset_);
  base::failpoint(base::Failpoint::kBlockSealed);
}

// SYNC (claim_): acq_rel: the last release, on whatever thread, sees what the transitions before it have left.
void Block::hand_over(OwnerTag to) {
  base::check((claim_.fetch_and(~kMineBit, std::memory_order_acq_rel) & kMineBit) != 0,
              "a block is handed over by its owner");
  store_->arena().hand_over(offset_, to);
}

void Block::hand_over_to_node(std::uint32_t holds) {
  claim_.fetch_add(holds, std::memory_order_acq_rel);
  hand_over(kNodeTag);
}

// SYNC (claim_): as above.
void Block::share(Share share) {
  if (share == Share::kMine) {
    claim_.fetch_or(kMineBit, std::memory_order_acq_rel);
  } else if (share == Share::kHeld) {
    claim_.fetch_add(1, std::memory_order_acq_rel);
  }
}

ObjectId Block::object() const {
  // SYNC: none: the id is for messages only.
  return ObjectId(object_hi_.load(std::memory_order_relaxed),
                  object_lo_.load(std::memory_order_relaxed));
}

void Block::set_object(ObjectId id) {
  object_hi_.store(id.hi(), std::memory_order_relaxed);  // SYNC: none, as in object()
  object_lo_.store(id.lo(), std::memory_order_relaxed);
}

// SYNC: release, with label().
void Block::set_label(Label label) {
  label.site.resize(std::min(label.site.size(), kMostSite));
  const Label* none = nullptr;
  auto made = std::make_unique<const Label>(std::move(label));
  if (label_.compare_exchange_strong(none, made.get(), std::memory_order_release)) {
    (void)made.release();
  }
}

// SYNC (reading_): sequentially consistent: a reader counts itself and then looks at the bit, the evictor sets the bit
// where nobody is counted and then looks at the references that readers have left.
bool Block::begin_reading() noexcept {
  if ((reading_.fetch_add(1) & kEvictedBit) == 0) return true;
  reading_.fetch_sub(1);
  return false;
}

void Block::end_reading() noexcept { reading_.fetch_sub(1); }

// A reference of a value or call is counted as one while it exists: its word changes after the count of references
// has grown and before that shrinks. So where the word stayed the same, what the count has beyond it are arrays.
bool Block::evict() {
  const auto only_values = [this] {
    const std::uint64_t before = keepers_.load();
    const Keepers found = keepers();
    return found.values != 0 && found.calls == 0 && found.arrays == 0 && keepers_.load() == before;
  };
  std::uint32_t found = 0;
  if (!only_values() || unasked_.load()) return false;
  if (!reading_.compare_exchange_strong(found, kEvictedBit)) return (found & kEvictedBit) != 0;
  if (only_values()) return true;
  bytes_are_back();
  return false;
}

void Block::bytes_are_back() noexcept { reading_.fetch_and(~kEvictedBit); }

// SYNC (keepers_): sequentially consistent, for evict().
void Block::count_keeper(Keeper keeper, int change) noexcept {
  if (keeper == Keeper::kWaitingCall) {
    // SYNC: none: for messages.
    waiting_calls_.fetch_add(static_cast<std::uint32_t>(change), std::memory_order_relaxed);
  }
  const std::uint64_t one = keeper == Keeper::kCall ? std::uint64_t{1} << kCallsShift : 1;
  const std::uint64_t changed = std::uint64_t{1} << kChangesShift;
  keepers_.fetch_add(change > 0 ? changed + one : changed - one);
}

Block::Keepers Block::counted(std::uint64_t word) {
  return {.values = static_cast<std::uint32_t>(word & ((std::uint64_t{1} << kCallsShift) - 1)),
          .calls = static_cast<std::uint32_t>(
              word >> kCallsShift & ((std::uint64_t{1} << (kChangesShift - kCallsShift)) - 1))};
}

Block::Keepers Block::keepers() const {
  Keepers found = counted(keepers_.load());
  const std::uint32_t kept = found.values + found.calls + 1;  // the caller's
  const std::uint32_t all = use_count();
  found.arrays = all > kept ? all - kept : 0;
  // SYNC: none, as in count_keeper(): it may be a moment older than the others.
  found.waiting_calls = std::min(found.values, waiting_calls_.load(std::memory_order_relaxed));
  return found;
}

bool Block::may_be_read() const {
  const std::uint64_t before = keepers_.load();
  const Keepers found = counted(before);
  const bool arrays = use_count() > found.values || keepers_.load() != before;
  return arrays || found.calls != 0 || lent_to_user() || (reading_.load() & ~kEvictedBit) != 0;
}

// The record is out of the table before the block is freed, because its place may be used again at once.
void Block::destroy() noexcept {
  const base::Ref<Store> store = std::move(store_);  // the store lives until we are gone
  store->blocks_.forget(*this);
  const std::uint64_t offset = offset_;
  const bool was_mine = mine();
  const std::uint32_t held = holds();
  delete this;
  if (store->abandoned()) {
    return;
  }
  if (store->gives_memory_back()) store->arena_.discard(offset);
  if (was_mine) {
    store->arena_.free(offset);
  }
  if (held != 0) {
    store->release_holds(offset, held);
  }
}

// ---------------------------------------------------------------- BlockTable

BlockTable::BlockTable(Store& store) : store_(store) {}

BlockTable::~BlockTable() { base::check(size() == 0, "a block keeps its store alive"); }

void BlockTable::grow(Shard& shard) {
  std::vector<Block*> old(std::max<std::size_t>(64, shard.buckets.size() * 2));
  old.swap(shard.buckets);
  for (Block* next : old) {
    while (Block* const moved = next) {
      next = moved->next_;
      Block*& bucket = bucket_of(shard, moved->offset_);
      moved->next_ = bucket;
      bucket = moved;
    }
  }
}

// Gives a record that is not being destroyed, with a count for the caller.
Block* BlockTable::find_live(Shard& shard, std::uint64_t offset) {
  if (shard.buckets.empty()) {
    return nullptr;
  }
  for (Block* block = bucket_of(shard, offset); block != nullptr; block = block->next_) {
    if (block->offset_ == offset && block->try_retain()) {
      return block;
    }
  }
  return nullptr;
}

base::Ref<Block> BlockTable::create(const Allocation& allocation) {
  auto* const block = new Block(store_, allocation.offset, allocation.size,
                                store_.arena().writable(allocation.offset), allocation.zeroed);
  // SYNC: none: nobody else has it yet.
  block->claim_.store(Block::kMineBit, std::memory_order_relaxed);
  Shard& shard = shard_of(allocation.offset);
  const std::lock_guard lock(shard.mutex);
  insert(shard, block);
  return base::Ref<Block>::adopt(block);
}

base::Ref<Block> BlockTable::adopt(std::uint64_t offset, Share share) {
  Shard& shard = shard_of(offset);
  const std::lock_guard lock(shard.mutex);
  Block* block = find_live(shard, offset);
  if (block == nullptr) {
    const BlockExtent extent = store_.arena().block_at(offset);
    base::check(extent.size != 0 && extent.offset == offset, "an offset names a block");
    block = new Block(store_, offset, extent.size, nullptr, false);
    // SYNC: none: nobody else has it before insert(), which the lock orders.
    if (extent.bytes != RunBytes::kInMemory) block->reading_.store(Block::kEvictedBit);
    insert(shard, block);
  }
  block->share(share);
  // Its last owner may have died before it had tagged the block as ours.
  if (share == Share::kMine) store_.arena().hand_over(offset, store_.arena().self());
  return base::Ref<Block>::adopt(block);
}

base::Ref<Block> BlockTable::find(std::uint64_t offset) {
  Shard& shard = shard_of(offset);
  const std::lock_guard lock(shard.mutex);
  return base::Ref<Block>::adopt(find_live(shard, offset));
}

void BlockTable::forget(Block& block) noexcept {
  Shard& shard = shard_of(block.offset_);
  const std::lock_guard lock(shard.mutex);
  Block** place = &bucket_of(shard, block.offset_);
  while (*place != &block) {
    place = &(*place)->next_;
  }
  *place = block.next_;
  --shard.size;
}

std::size_t BlockTable::size() const {
  std::size_t size = 0;
  for (const Shard& shard : shards_) {
    const std::lock_guard lock(shard.mutex);
    size += shard.size;
  }
  return size;
}

void BlockTable::lock_all() {
  for (Shard& shard : shards_) shard.mutex.lock();
}

void BlockTable::unlock_all() {
  for (Shard& shard : shards_) shard.mutex.unlock();
}

template <class Wanted>
std::vector<base::Ref<Block>> BlockTable::find_all_locked(const Wanted& wanted) const {
  std::vector<base::Ref<Block>> all;
  for (const Shard& shard : shards_) {
    for (Block* block : shard.buckets) {
      for (; block != nullptr; block = block->next_) {
        if (wanted(*block) && block->try_retain()) all.push_back(base::Ref<Block>::adopt(block));
      }
    }
  }
  return all;
}

std::vector<base::Ref<Block>> BlockTable::read_locked() const {
  return find_all_locked([](const Block& block) { return block.may_be_read(); });
}

std::vector<base::Ref<Block>> BlockTable::all() {
  lock_all();
  std::vector<base::Ref<Block>> found = find_all_locked([](const Block&) { return true; });
  unlock_all();
  return found;
}

ObjectId BlockTable::object_of(std::uint64_t offset) const {
  Shard& shard = shard_of(offset);
  const std::unique_lock lock(shard.mutex, std::try_to_lock);
  if (lock.owns_lock() && !shard.buckets.empty()) {
    for (const Block* block = bucket_of(shard, offset); block != nullptr; block = block->next_) {
      if (block->offset_ == offset) {
        return block->object();
      }
    }
  }
  return {};
}

}  // namespace manta::objectstore
