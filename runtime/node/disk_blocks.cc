// Reading back first, in the order of its steps; then readers that wait in vain; then what ends.
#include "disk_blocks.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <utility>

#include "../../base/failpoint.h"
#include "../../objectstore/arena/parallel_copy.h"
#include "store_room.h"

namespace manta::detail::node {
namespace {

constexpr std::int64_t kForgetEveryMs = 300;
constexpr std::int64_t kNoOverflowMs = 500;

std::size_t addresses_for(std::size_t size) {
  return (size + objectstore::kSlabSize - 1) / objectstore::kSlabSize * objectstore::kSlabSize;
}

}  // namespace

void DiskBlocks::add(std::uint64_t block, const objectstore::SpilledAt& at) {
  blocks_.emplace(block, OnDisk{.at = at});
  if (++in_slab_[block / objectstore::kSlabSize] == 1) addresses_ += addresses_for(at.size);
}

// What is on disk keeps its addresses; twice the budget of them is for what is in memory, or half of all.
bool DiskBlocks::has_addresses() const {
  return addresses_ + std::min(2 * arena_.capacity(), arena_.addresses() / 2) < arena_.addresses();
}

void DiskBlocks::on(rpc::Slot from, const RestoreAsk& ask) {
  OnDisk& found = blocks_.at(ask.block);
  found.waiting.push_back({from, ask.question, session_.now_ms()});
  awaited_.insert(ask.block);
  if (found.copy || !short_of_room_) short_of_room_ = !restore(ask.block, found);
}

// False: there is no room now.
bool DiskBlocks::restore(std::uint64_t block, OnDisk& found) {
  if (found.reading || found.waiting.empty()) return true;
  if (found.copy) {
    copies_[*found.copy].asked_for = ++answers_;
    answer(block, found, {.block = *found.copy, .outcome = RestoreTold::Outcome::kRestored});
    return true;
  }
  const Room room = room_for(found);
  if (room.none) return false;
  found.reading = true;
  found.reading_since = session_.now_ms();
  const std::string why_not = disk_.post([this, block, at = found.at, copy = room.copy] {
    disk_.post_back([this, block] {
      if (const auto asked = blocks_.find(block); asked != blocks_.end()) {
        asked->second.reading_since = session_.now_ms();
      }
    });
    disk_.post_back([this, block, result = read(at, copy)] { restored(block, result); });
  });
  if (!why_not.empty()) restored(block, {.copy = room.copy});
  return true;
}

DiskBlocks::Room DiskBlocks::room_for(const OnDisk& found) {
  const std::size_t size = found.at.size;
  const std::int64_t since = found.waiting.front().since;
  const bool in_turn = since <= session_.first_in_line();
  if (in_turn) {
    const auto copy =
        arena_.allocate(size, objectstore::Population::kLater, objectstore::Part::kMemory);
    if (copy.ok()) return {.copy = copy->offset};
  }
  const bool would_help = size <= arena_.left_for_blocks() && !(in_turn && arena_.has_memory(size));
  const bool too_long = is_late_while_spilling(since, session_.now_ms(), timeout_ms_);
  if (would_help && !too_long && memory_.make_room()) return {.none = true};
  return {.none = session_.now_ms() < no_overflow_until_};
}

// On a thread of the disk's, as is making room in the overflow, which writes to the disk as well.
DiskBlocks::Result DiskBlocks::read(const objectstore::SpilledAt& at,
                                    std::optional<std::uint64_t> copy) {
  Result result{.copy = copy};
  if (!copy) {
    const auto made = arena_.allocate(at.size, objectstore::Population::kLater);
    if (!made.ok()) return result;
    result.copy = made->offset;
  }
  try {
    std::atomic<bool> populated{true};
    objectstore::parallel_pieces(at.size, [&](std::size_t begin, std::size_t size) {
      if (!arena_.populate(*result.copy + begin, size)) populated = false;
    });
    if (!populated) return result;
    disk_.place().read(at, {arena_.writable(*result.copy), at.size});
    result.outcome = RestoreTold::Outcome::kRestored;
    base::failpoint(base::Failpoint::kBlockRestored);
  } catch (const objectstore::SpillLost& error) {
    result.outcome = RestoreTold::Outcome::kLost;
    result.lost = error.what();
  } catch (const std::exception&) {  // no memory for it
  }
  return result;
}

void DiskBlocks::restored(std::uint64_t block, const Result& result) {
  const auto found = blocks_.find(block);
  const bool wanted = found != blocks_.end() && !found->second.waiting.empty();
  if (found != blocks_.end()) found->second.reading = false;
  if (result.outcome == RestoreTold::Outcome::kRestored && wanted) {
    arena_.seal(*result.copy);
    found->second.copy = result.copy;
    copies_[*result.copy] = {.of = block, .asked_for = ++answers_};
    arena_.set_copies(copies_.size());
    session_.hold(*result.copy, rpc::kNodeSlot);
    return answer(block, found->second, {.block = *result.copy, .outcome = result.outcome});
  }
  if (result.copy) arena_.free(*result.copy);
  if (result.outcome == RestoreTold::Outcome::kLost && wanted) {
    answer(block, found->second, {.outcome = result.outcome}, result.lost);
  }
  if (result.outcome == RestoreTold::Outcome::kNoRoom) {  // look() tries again
    short_of_room_ = true;
    no_overflow_until_ = session_.now_ms() + kNoOverflowMs;
  }
}

void DiskBlocks::answer(std::uint64_t block, OnDisk& found, const RestoreTold& told,
                        std::string_view text) {
  for (const Reader& reader : std::exchange(found.waiting, {})) tell(reader, told, text);
  awaited_.erase(block);
}

void DiskBlocks::tell(const Reader& reader, RestoreTold told, std::string_view text) {
  told.question = reader.question;
  if (told.outcome == RestoreTold::Outcome::kRestored) session_.hold(told.block, reader.slot);
  session_.tell(reader.slot, told, text);
}

// ---------------------------------------------------------------- who waits

void DiskBlocks::look() {
  if (session_.now_ms() >= next_forgetting_) forget_freed();
  std::vector<std::pair<std::int64_t, std::uint64_t>> oldest_first;
  for (const std::uint64_t block : std::vector(awaited_.begin(), awaited_.end())) {
    OnDisk& found = blocks_.at(block);
    refuse_late(found);
    if (found.waiting.empty()) {
      awaited_.erase(block);
    } else {
      oldest_first.emplace_back(found.waiting.front().since, block);
    }
  }
  std::ranges::sort(oldest_first);
  short_of_room_ = std::ranges::any_of(oldest_first, [this](const auto& waits) {
    return !restore(waits.second, blocks_.at(waits.second));
  });
}

void DiskBlocks::refuse_late(OnDisk& found) {
  if (!found.reading && memory_.makes_room()) return;
  const std::int64_t patience = found.reading ? disk_patience_ms(found.at.size) : timeout_ms_;
  const std::int64_t not_before = found.reading ? found.reading_since : 0;
  while (!found.waiting.empty() &&
         session_.now_ms() - std::max(found.waiting.front().since, not_before) >= patience) {
    tell(found.waiting.front(), {.outcome = found.reading ? RestoreTold::Outcome::kSilent
                                                          : RestoreTold::Outcome::kNoRoom});
    found.waiting.erase(found.waiting.begin());
  }
}

// ---------------------------------------------------------------- ends

void DiskBlocks::process_died(rpc::Slot slot) {
  for (auto& [block, found] : blocks_) {
    std::erase_if(found.waiting, [slot](const Reader& reader) { return reader.slot == slot; });
    if (found.waiting.empty()) awaited_.erase(block);
  }
}

void DiskBlocks::drop_copy(std::uint64_t copy) {
  const std::uint64_t block = copies_.at(copy).of;
  if (const auto found = blocks_.find(block); found != blocks_.end()) found->second.copy.reset();
  copies_.erase(copy);
  arena_.set_copies(copies_.size());
  session_.let_go(copy);
}

bool DiskBlocks::drop_copies(std::size_t bytes) {
  std::vector<std::pair<std::uint64_t, std::uint64_t>> idle;  // when it was asked for, and the copy
  for (const auto& [copy, about] : copies_) {
    const auto holders = session_.holders_of(copy);
    if (std::ranges::all_of(holders, [](auto slot) { return slot == rpc::kNodeSlot; })) {
      idle.emplace_back(about.asked_for, copy);
    }
  }
  std::ranges::sort(idle);
  std::size_t dropped = 0;
  for (const auto& [asked_for, copy] : idle) {
    if (dropped >= bytes) break;
    dropped += arena_.block_at(copy).size;
    drop_copy(copy);
  }
  return dropped != 0;
}

void DiskBlocks::forget_freed() {
  // Looking through many takes time.
  next_forgetting_ =
      session_.now_ms() + kForgetEveryMs + static_cast<std::int64_t>(blocks_.size() / 1000);
  std::erase_if(blocks_, [this](const auto& entry) {
    const auto& [block, found] = entry;
    if (found.reading || !found.emptied || arena_.block_at(block).owner != objectstore::kNobody) {
      return false;
    }
    forget(block, found);
    return true;
  });
}

void DiskBlocks::forget(std::uint64_t block, const OnDisk& found) {
  const auto erase = [this, at = found.at] { disk_.place().erase(at); };
  if (!disk_.post(erase).empty()) erase();
  if (found.copy) drop_copy(*found.copy);
  for (const Reader& reader : found.waiting) {
    tell(reader, {.outcome = RestoreTold::Outcome::kLost}, "its last reference was dropped");
  }
  awaited_.erase(block);
  const auto in_slab = in_slab_.find(block / objectstore::kSlabSize);
  if (--in_slab->second != 0) return;
  in_slab_.erase(in_slab);
  addresses_ -= addresses_for(found.at.size);
  arena_.keep_in_memory(block);  // its addresses are free
}

}  // namespace manta::detail::node
