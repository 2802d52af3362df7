// The messages come first; most are one call of the tables and then run_steps(), which carries out what the tables want
// done. Behind that: what the death of a process means, the counting of what a value refers to, and who has refs.
#include "objects.h"

#include <string>
#include <utility>

#include "../../serialization/stream/encoded.h"
#include "../wire/error_record.h"
#include "../wire/value_wire.h"

namespace manta::detail::node {
namespace {

SharedBytes copy_of(std::span<const std::byte> payload) {
  return std::make_shared<std::vector<std::byte>>(payload.begin(), payload.end());
}

SharedBytes error_value(ErrorKind kind, const std::string& text) {
  return std::make_shared<std::vector<std::byte>>(error_wire(kind, text));
}

template <class T>
void append(std::vector<T>& to, std::vector<T> from) {
  to.insert(to.end(), from.begin(), from.end());
}

}  // namespace

Objects::Objects(Peers& peers, objectstore::Arena& arena, HoldActor hold_actor,
                 BlockHeld block_held)
    : peers_(peers),
      arena_(arena),
      hold_actor_(std::move(hold_actor)),
      block_held_(std::move(block_held)) {}

void Objects::hold_block(std::uint64_t block, rpc::Slot whose) {
  block_held_(block, whose);
  blocks_.adopt(block, whose, 1);
  run_steps();
}

void Objects::let_go_of_block(std::uint64_t block) {
  blocks_.add_holds(block, rpc::kNodeSlot, -1);
  run_steps();
}

std::optional<rpc::Slot> Objects::maker_of(ObjectId id) const {
  const auto maker = objects_.maker_of(id);
  if (!maker) return std::nullopt;
  return static_cast<rpc::Slot>(*maker);
}

void Objects::on(rpc::Slot from, const Publish& publish, PayloadBytes value) {
  objects_.publish(publish.object, from, value.empty() ? nullptr : copy_of(value));
  run_steps();
}

void Objects::on(rpc::Slot, const Fulfil& fulfil, PayloadBytes value) {
  objects_.fulfil(fulfil.object, copy_of(value));
  run_steps();
}

void Objects::on(rpc::Slot from, const Subscribe& subscribe) {
  objects_.subscribe(subscribe.object, from);
  run_steps();
}

void Objects::on(rpc::Slot, const FreeObject& free) {
  objects_.free(free.object, error_value(ErrorKind::kObjectLost,
                                         "object " + free.object.hex() +
                                             " was freed: manta::free() was called on it"));
  run_steps();
}

void Objects::on(rpc::Slot, const HoldObject& hold) {
  if (hold.whose == rpc::kNodeSlot || peers_.live(hold.whose)) {
    objects_.add_holds(hold.object, hold.whose, 1);
  }
  run_steps();
}

void Objects::on(rpc::Slot, const HoldBlock& hold) {
  block_held_(hold.block, hold.whose);
  if (peers_.live(hold.whose)) blocks_.add_holds(hold.block, hold.whose, 1);
  run_steps();
}

void Objects::on(rpc::Slot from, const ReleaseObject& release) {
  objects_.add_holds(release.object, from, -std::int64_t{release.count});
  run_steps();
}

void Objects::on(rpc::Slot from, const ReleaseBlock& release) {
  blocks_.add_holds(release.block, from, -std::int64_t{release.count});
  run_steps();
}

void Objects::on(rpc::Slot from, const AdoptBlock& adopt) {
  block_held_(adopt.block, from);
  blocks_.adopt(adopt.block, from, adopt.holds);
  run_steps();
}

// What the process held for calls that others still run stays until they have closed its lanes: see sweep_memory().
void Objects::process_died(rpc::Slot slot, pid_t pid) {
  objects_.fail_pending(slot,
                        error_value(ErrorKind::kOwnerDied,
                                    "the process " + std::to_string(pid) +
                                        " that was to make this object died before it was made"));
  run_steps();
}

void Objects::take_over(std::uint64_t block) {
  const objectstore::BlockExtent extent = arena_.block_at(block);
  if (extent.size != 0 && extent.owner != objectstore::kNobody) {
    arena_.hand_over(block, objectstore::kNodeTag);
  }
}

void Objects::sweep_memory(rpc::Slot dead) {
  objects_.strike(dead);
  blocks_.strike(dead);
  for (const std::uint64_t block : blocks_.held_unadopted()) {
    const objectstore::BlockExtent extent = arena_.block_at(block);
    if (extent.size != 0 && extent.owner == objectstore::tag_of_slot(dead)) {
      blocks_.adopt(block, rpc::kNodeSlot, 0);
    }
  }
  run_steps();
  arena_.sweep(objectstore::tag_of_slot(dead));
}

void Objects::begin_sweep() {
  sweeping_objects_ = std::exchange(new_objects_, {});
  sweeping_blocks_ = std::exchange(new_blocks_, {});
}

void Objects::settle() {
  if (sweeping_objects_.empty() && sweeping_blocks_.empty()) return;
  for (const ObjectId id : sweeping_objects_) {
    // Only objects that were never published get this text, so that no sound program sees it.
    static const SharedBytes lost =
        error_value(ErrorKind::kObjectLost,
                    "the object is not known to its node: its last reference was dropped, "
                    "or the process that sent the reference died before it was published");
    objects_.settle(id, lost);
  }
  for (const std::uint64_t block : sweeping_blocks_) blocks_.settle(block);
  sweeping_objects_.clear();
  sweeping_blocks_.clear();
  run_steps();
}

// Steps of objects may cause steps of blocks: the contents of a value hold blocks.
void Objects::run_steps() {
  for (const PublicationStep& step : std::exchange(objects_.steps(), {})) {
    switch (step.kind) {
      case PublicationStep::Kind::kSendValue:
        if (peers_.live(step.process)) count_contents(*step.value, step.process, 1);
        peers_.send(step.process, ObjectValue{.object = step.object}, *step.value);
        break;
      case PublicationStep::Kind::kSendFreed:
        peers_.send(step.process, ObjectFreed{.object = step.object});
        break;
      case PublicationStep::Kind::kHoldContents:
        count_contents(*step.value, rpc::kNodeSlot, 1);
        break;
      case PublicationStep::Kind::kReleaseContents:
        count_contents(*step.value, rpc::kNodeSlot, -1);
        break;
    }
  }
  for (const BlockStep& step : std::exchange(blocks_.steps(), {})) {
    if (step.kind == BlockStep::Kind::kFree) {
      wires_.erase(step.block);
      arena_.free(step.block);
    } else {
      take_over(step.block);
    }
  }
  append(new_objects_, objects_.take_unsettled());
  append(new_blocks_, blocks_.take_unsettled());
}

// Counts each reference in a value, and its buffers: for a process each of them, as it will read them; for the node
// each block once, however many buffers lie in it.
void Objects::count_contents(std::span<const std::byte> bytes, rpc::Slot whose,
                             std::int64_t count) {
  const WireReader wire(bytes);
  std::uint64_t last = UINT64_MAX;
  for (const WireBuffer& buffer : wire.buffers()) {
    const bool counted = whose == rpc::kNodeSlot && buffer.block == last;
    if (count > 0 && whose != rpc::kNodeSlot) block_held_(buffer.block, whose);
    if (!counted) blocks_.add_holds(buffer.block, whose, count);
    last = buffer.block;
  }
  for (const WireReference& reference : wire.references()) {
    const ObjectId id(reference.hi, reference.lo);
    if (id.is_nil()) continue;  // the ref or handle is empty
    if (reference.kind == static_cast<std::uint64_t>(serialization::RefKind::kObject)) {
      objects_.add_holds(id, whose, count);
    } else {
      hold_actor_(ActorId(id.hi(), id.lo()), whose, count);
    }
  }
  if ((wire.header().flags & ValueFlag::kExternal) != 0 && wire.buffers().size() == 1) {
    const WireBuffer& outer = wire.buffers().front();
    if (count > 0) wires_.insert(outer.block);
    count_contents({arena_.readable(outer.offset), outer.size}, whose, count);
  }
}

// Of a value that lies in a block that block, too, which comes first.
template <class Visit>
void Objects::each_buffer(std::span<const std::byte> bytes, Visit&& visit) const {
  const WireReader wire(bytes);
  for (const WireBuffer& buffer : wire.buffers()) visit(buffer);
  if ((wire.header().flags & ValueFlag::kExternal) != 0 && wire.buffers().size() == 1) {
    const WireBuffer& outer = wire.buffers().front();
    each_buffer({arena_.readable(outer.offset), outer.size}, visit);
  }
}

std::map<std::uint64_t, Objects::Slots> Objects::with_refs_to(
    const std::set<std::uint64_t>& blocks) const {
  std::map<std::uint64_t, Slots> found;
  objects_.each_value([&](std::span<const std::byte> value, const Holders& holders) {
    each_buffer(value, [&](const WireBuffer& buffer) {
      if (!blocks.contains(buffer.block)) return;
      Slots& slots = found[buffer.block];
      holders.for_each([&](ProcessSlot process) {
        if (process != rpc::kNodeSlot) slots.insert(static_cast<rpc::Slot>(process));
      });
    });
  });
  return found;
}

}  // namespace manta::detail::node
