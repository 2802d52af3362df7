#include "memory_census.h"

#include <algorithm>
#include <utility>

namespace manta::detail::node {
namespace {

constexpr std::int64_t kPatienceMs = 1000;

std::vector<std::string> kinds_of(const HeldBlock& held) {
  std::vector<std::string> kinds;
  if (held.values != 0) kinds.emplace_back(held.borrowed ? kHeldByBorrowedRef : kHeldByRef);
  if (held.arrays != 0) kinds.emplace_back(kHeldByArray);
  if (held.calls != 0) kinds.emplace_back(kHeldByTask);
  return kinds;
}

}  // namespace

void MemoryCensus::begin(std::uint64_t most, Done done) {
  if (waiting()) {
    next_.push_back({most, std::move(done)});
  } else {
    askers_.push_back({most, std::move(done)});
    start();
  }
}

void MemoryCensus::start() {
  ++question_;
  since_ = session_.now_ms();
  told_.clear();
  runs_.clear();
  std::uint64_t most = 0;
  for (const Asker& asker : askers_) most = std::max(most, asker.most);
  for (const rpc::Slot slot : most == 0 ? std::vector<rpc::Slot>() : session_.processes()) {
    awaited_.insert(slot);
    session_.ask(slot, {.question = question_, .most = most});
  }
  if (awaited_.empty()) finish();
}

void MemoryCensus::on(rpc::Slot from, const MemoryTold& told, PayloadBytes blocks) {
  if (told.question != question_ || !awaited_.contains(from)) return;
  if (auto held = decode_held_blocks(blocks)) {
    if (told.last != 0) runs_[from] = std::move(held->runs);
    for (HeldBlock& block : held->blocks) {
      const std::uint64_t offset = block.block;
      told_.emplace(offset, Told{from, std::move(block)});
    }
  }
  if (told.last != 0 && awaited_.erase(from) != 0 && awaited_.empty()) finish();
}

void MemoryCensus::process_died(rpc::Slot slot) {
  std::erase_if(told_, [slot](const auto& entry) { return entry.second.from == slot; });
  if (awaited_.erase(slot) != 0 && awaited_.empty()) finish();
}

void MemoryCensus::look() {
  if (waiting() && session_.now_ms() - since_ >= kPatienceMs) finish();
}

void MemoryCensus::finish() {
  for (const Asker& asker : std::exchange(askers_, {})) asker.done(report(asker.most));
  awaited_.clear();
  told_.clear();
  runs_.clear();
  if (next_.empty()) return;
  askers_ = std::exchange(next_, {});
  start();
}

MemoryReport MemoryCensus::report(std::uint64_t most) const {
  const StoreStats stats = arena_.stats();
  MemoryReport report{.capacity = stats.capacity,
                      .used = stats.used,
                      .spilled = stats.spilled,
                      .beside = arena_.beside(),
                      .blocks_in_all = stats.objects + arena_.copies(),
                      .records = session_.records()};
  for (const objectstore::BlockExtent& block : arena_.largest(most)) {
    report.objects.push_back(describe(block));
  }
  for (const rpc::Slot slot : awaited_) report.silent.push_back(session_.name_of(slot));
  return report;
}

MemoryObject MemoryCensus::describe(const objectstore::BlockExtent& block) const {
  const bool on_disk =
      arena_.is_overflow(block.offset) || block.bytes == objectstore::RunBytes::kOnDisk;
  MemoryObject object{
      .state = on_disk ? "disk" : "memory", .owner = owner_of(block.owner), .size = block.size};
  const auto [begin, end] = told_.equal_range(block.offset);
  std::set<rpc::Slot> told;
  for (auto at = begin; at != end; ++at) {
    const HeldBlock& held = at->second.held;
    if (!held.object.empty()) object.object = held.object;
    if (!held.name.empty()) object.name = held.name;
    if (!held.site.empty()) object.site = held.site;
    told.insert(at->second.from);
    if (auto kinds = kinds_of(held); !kinds.empty()) {
      object.holders.push_back(holder_of(at->second.from, std::move(kinds)));
    }
  }
  for (const scheduler::ProcessSlot holder : session_.holders_of(block.offset)) {
    const auto slot = static_cast<rpc::Slot>(holder);
    if (slot == rpc::kNodeSlot) {
      const char* const kind = session_.is_copy(block.offset) ? kHeldAsCopy : kHeldInObject;
      object.holders.push_back(holder_of(slot, {kind}));
    } else if (!told.contains(slot)) {
      object.holders.push_back(holder_of(slot, {kHeldByBorrowedRef}));
    }
  }
  return object;
}

MemoryHolder MemoryCensus::holder_of(rpc::Slot slot, std::vector<std::string> kinds) const {
  const auto runs = runs_.find(slot);
  return {.process = session_.name_of(slot),
          .runs = runs == runs_.end() ? "" : runs->second,
          .kinds = std::move(kinds)};
}

std::string MemoryCensus::owner_of(objectstore::OwnerTag tag) const {
  return session_.name_of(tag == objectstore::kNodeTag ? rpc::kNodeSlot : rpc::Slot{tag});
}

}  // namespace manta::detail::node
