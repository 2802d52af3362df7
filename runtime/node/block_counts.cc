#include "block_counts.h"

#include <utility>

namespace manta::detail::node {

void BlockCounts::adopt(std::uint64_t block, ProcessSlot process, std::int64_t count) {
  Record& record = records_[block];
  if (!record.adopted) steps_.push_back({.kind = BlockStep::Kind::kTakeOver, .block = block});
  record.adopted = true;
  record.holders.add(process, count);
  if (record.holders.unused()) unsettled_.push_back(block);
}

void BlockCounts::add_holds(std::uint64_t block, ProcessSlot process, std::int64_t count) {
  Record& record = records_[block];
  record.holders.add(process, count);
  if (record.holders.unused()) unsettled_.push_back(block);
}

void BlockCounts::strike(ProcessSlot process) {
  for (auto& [block, record] : records_) {
    if (record.holders.strike(process) && record.holders.unused()) unsettled_.push_back(block);
  }
}

std::vector<std::uint64_t> BlockCounts::held_unadopted() const {
  std::vector<std::uint64_t> blocks;
  for (const auto& [block, record] : records_) {
    if (!record.adopted && !record.holders.unused()) blocks.push_back(block);
  }
  return blocks;
}

std::vector<scheduler::ProcessSlot> BlockCounts::holders_of(std::uint64_t block) const {
  std::vector<ProcessSlot> slots;
  if (const auto found = records_.find(block); found != records_.end()) {
    found->second.holders.for_each([&](ProcessSlot slot) { slots.push_back(slot); });
  }
  return slots;
}

std::vector<std::uint64_t> BlockCounts::take_unsettled() { return std::exchange(unsettled_, {}); }

void BlockCounts::settle(std::uint64_t block) {
  const auto entry = records_.find(block);
  if (entry == records_.end() || !entry->second.holders.unused()) return;
  if (entry->second.adopted) steps_.push_back({.kind = BlockStep::Kind::kFree, .block = block});
  records_.erase(entry);
}

}  // namespace manta::detail::node
