#include "arrivals.h"

#include "../../base/check.h"

namespace manta::detail {
namespace {

constexpr std::uint64_t kMarkBits = 3;

base::Ref<objectstore::Block> adopt_block(objectstore::Store& store, std::uint64_t block,
                                          Arrival arrival) {
  const std::uint64_t offset = block & ~kMarkBits;
  auto& blocks = store.blocks();
  if (arrival == Arrival::kCounted) return blocks.adopt(offset, objectstore::Share::kHeld);
  switch (static_cast<BlockMark>(block & kMarkBits)) {
    case BlockMark::kGiven:
      return blocks.adopt(offset, objectstore::Share::kMine);
    case BlockMark::kHeld:
      return blocks.adopt(offset, objectstore::Share::kHeld);
    case BlockMark::kLent:
      break;
  }
  return blocks.adopt(offset, objectstore::Share::kLent);
}

}  // namespace

serialization::Reference adopt_reference(Ownership& ownership, const WireReference& wire,
                                         Arrival arrival) {
  const auto kind = static_cast<serialization::RefKind>(wire.kind);
  if (kind == serialization::RefKind::kActor) {
    return {kind, ownership.adopt_actor(ActorId(wire.hi, wire.lo), arrival)};
  }
  return {kind, ownership.adopt_object(ObjectId(wire.hi, wire.lo), arrival)};
}

void adopt_parts(Ownership& ownership, const WireReader& wire, Arrival arrival,
                 std::vector<serialization::Buffer>& buffers,
                 std::vector<serialization::Reference>& references) {
  auto& store = ownership.store();
  for (const auto& buffer : wire.buffers()) {
    auto block = adopt_block(store, buffer.block, arrival);
    if (block->object().is_nil()) block->set_object(ObjectId(buffer.object_hi, buffer.object_lo));
    buffers.push_back({store.arena().readable(buffer.offset), buffer.size, std::move(block)});
  }
  for (const auto& reference : wire.references()) {
    references.push_back(adopt_reference(ownership, reference, arrival));
  }
}

Value read_value(Ownership& ownership, const WireReader& wire, Arrival arrival) {
  if ((wire.header().flags & kExternal) != 0) {
    // The block with the wire form is needed only while it is read.
    std::vector<serialization::Buffer> outer;
    std::vector<serialization::Reference> none;
    adopt_parts(ownership, wire, arrival, outer, none);
    base::check(outer.size() == 1, "an external value has one buffer");
    return read_value(ownership, WireReader({outer[0].data, outer[0].size}), arrival);
  }
  const std::uint32_t flags = wire.header().flags;
  if (wire.buffers().empty() && wire.references().empty()) {
    return small_value(ownership.store(), wire.meta(), flags);
  }
  std::vector<serialization::Buffer> buffers;
  std::vector<serialization::Reference> references;
  adopt_parts(ownership, wire, arrival, buffers, references);
  return Value(wire.meta(), flags, std::move(buffers), std::move(references));
}

}  // namespace manta::detail
