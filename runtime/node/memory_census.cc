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

bool names_a_ref(const std::vector<std::string>& kinds) {
  return std::ranges::any_of(kinds, [](const std::string& kind) {
    return kind == kHeldByRef || kind == kHeldByBorrowedRef;
  });
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
  const auto blocks = arena_.largest(most);
  const RefsTo refs = refs_to(blocks);
  for (const objectstore::BlockExtent& block : blocks) {
    const auto found = refs.find(block.offset);
    report.objects.push_back(
        describe(block, found == refs.end() ? std::set<rpc::Slot>() : found->second));
  }
  for (const rpc::Slot slot : awaited_) report.silent.push_back(session_.name_of(slot));
  return report;
}

// Only what is inside an object has refs that its holders need not tell of.
MemoryCensus::RefsTo MemoryCensus::refs_to(
    const std::vector<objectstore::BlockExtent>& blocks) const {
  std::set<std::uint64_t> inside;
  for (const objectstore::BlockExtent& block : blocks) {
    if (is_in_object(block.offset)) inside.insert(block.offset);
  }
  return inside.empty() ? RefsTo() : session_.refs_to(inside);
}

bool MemoryCensus::is_in_object(std::uint64_t block) const {
  const auto holders = session_.holders_of(block);
  return std::ranges::find(holders, rpc::kNodeSlot) != holders.end() && !session_.is_copy(block);
}

// What the processes say comes first, as they know most; then what the node counts for those that did not say it: they
// have not answered, or have refs to what they never got.
MemoryObject MemoryCensus::describe(const objectstore::BlockExtent& block,
                                    const std::set<rpc::Slot>& with_refs) const {
  const bool on_disk =
      arena_.is_overflow(block.offset) || block.bytes == objectstore::RunBytes::kOnDisk;
  MemoryObject object{
      .state = on_disk ? "disk" : "memory", .owner = owner_of(block.owner), .size = block.size};
  std::map<rpc::Slot, std::vector<std::string>> kinds;
  const auto [begin, end] = told_.equal_range(block.offset);
  for (auto at = begin; at != end; ++at) {
    const HeldBlock& held = at->second.held;
    if (!held.object.empty()) object.object = held.object;
    if (!held.name.empty()) object.name = held.name;
    if (!held.site.empty()) object.site = held.site;
    kinds[at->second.from] = kinds_of(held);
  }
  for (const scheduler::ProcessSlot holder : session_.holders_of(block.offset)) {
    if (holder == rpc::kNodeSlot) continue;
    kinds.try_emplace(static_cast<rpc::Slot>(holder), std::vector<std::string>{kHeldByBorrowedRef});
  }
  for (const rpc::Slot slot : with_refs) {
    auto& of = kinds[slot];
    if (!names_a_ref(of)) of.emplace(of.begin(), kHeldByBorrowedRef);
  }
  for (auto& [slot, of] : kinds) {
    if (!of.empty()) object.holders.push_back(holder_of(slot, std::move(of)));
  }
  if (session_.is_copy(block.offset)) {
    object.holders.push_back(holder_of(rpc::kNodeSlot, {kHeldAsCopy}));
  } else if (is_in_object(block.offset)) {
    object.holders.push_back(holder_of(rpc::kNodeSlot, {kHeldInObject}));
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
