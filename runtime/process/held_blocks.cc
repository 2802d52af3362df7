#include "held_blocks.h"

#include <algorithm>
#include <tuple>
#include <utility>
#include <vector>

#include "../wire/memory_report.h"

namespace manta::detail {
namespace {

// So that a part fits into a message: of rows, as they are encoded, and of a row beside its texts.
constexpr std::size_t kMostPart = 32 << 10;
constexpr std::size_t kRow = 128;

HeldBlock describe(const objectstore::Block& block) {
  const auto keepers = block.keepers();
  HeldBlock held{.block = block.offset(),
                 .values = keepers.values - keepers.waiting_calls,
                 .calls = keepers.calls + keepers.waiting_calls,
                 .arrays = keepers.arrays,
                 .borrowed = !block.mine() && block.writable() == nullptr};
  if (const ObjectId id = block.object(); !id.is_nil()) held.object = id.hex();
  if (const auto* label = block.label()) {
    held.name = label->name;
    held.site = label->site;
  }
  return held;
}

}  // namespace

void tell_held_blocks(objectstore::Store& store, NodeLink& node, const MemoryAsk& question,
                      std::string runs) {
  const auto all = store.blocks().all();
  // The same as the node shows: Arena::largest().
  using Place = std::tuple<std::size_t, std::uint64_t, const objectstore::Block*>;
  std::vector<Place> largest;
  for (const auto& block : all) {
    largest.emplace_back(SIZE_MAX - store.arena().block_at(block->offset()).size, block->offset(),
                         block.get());
  }
  const auto count = std::min<std::size_t>(largest.size(), question.most);
  std::ranges::partial_sort(largest, largest.begin() + static_cast<std::ptrdiff_t>(count));
  largest.resize(count);
  HeldBlocks part;
  std::size_t bytes = 0;
  const auto send = [&](std::uint32_t last) {
    node.send(MemoryTold{.question = question.question, .last = last}, encode(part));
    part.blocks.clear();
    bytes = 0;
  };
  for (const auto& [size, offset, block] : largest) {
    part.blocks.push_back(describe(*block));
    bytes += kRow + part.blocks.back().name.size() + part.blocks.back().site.size();
    if (bytes > kMostPart) send(0);
  }
  part.runs = std::move(runs);
  send(1);
}

}  // namespace manta::detail
