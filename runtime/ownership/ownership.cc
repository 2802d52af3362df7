// Opening the store; entries of this process and adopted ones; then what is published, and given to the node.
#include "ownership.h"

#include <cstring>
#include <random>
#include <string>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>

#include "../../base/failpoint.h"
#include "../launch/join_ask.h"
#include "../wire/error_record.h"
#include "error_values.h"

namespace manta::detail {
namespace {

// A wire form up to this size is not worth a block, and a record of it.
constexpr std::size_t kLeastOutside = 256;

base::Ref<objectstore::Store> open_store(const Attachment& attachment,
                                         const base::Ref<SharedControl>& shared, NodeLink& node) {
  objectstore::StoreOptions options;
  options.files = attachment.arena.descriptors();
  options.metadata = shared->control.store_meta();
  options.keep_alive = shared;
  options.self = objectstore::tag_of_slot(attachment.slot);
  options.put_timeout = std::chrono::milliseconds(attachment.put_timeout_ms);
  const bool alone = attachment.driver == rpc::kDriverSlot;
  options.name_of = [&control = shared->control, driver = attachment.driver,
                     alone](objectstore::OwnerTag owner) -> std::string {
    if (owner == objectstore::kNodeTag) return "published objects";
    if (owner == driver) return "the driver";
    // SYNC: none: it is for messages.
    return (alone ? "a worker (pid " : "a worker, or another job's driver (pid ") +
           std::to_string(control.process(owner).pid.load()) + ")";
  };
  options.release_holds = [&node](std::uint64_t offset, std::uint32_t holds) {
    node.send(ReleaseBlock{.block = offset, .count = holds});
  };
  return objectstore::Store::open(std::move(options));
}

// Ids that no other process makes, and none that had this slot before.
std::uint64_t new_id_prefix(const rpc::Control& control, rpc::Slot slot) {
  return std::random_device{}() | std::uint64_t{slot} << 48 |
         std::uint64_t{control.process(slot).epoch.load()} << 32;  // SYNC: none, see ProcessPage
}

}  // namespace

Lifeline::~Lifeline() {
  if (socket_ && ::getpid() == owner_) {
    (void)::send(socket_.get(), &kLetGo, 1, MSG_NOSIGNAL | MSG_DONTWAIT);
  }
}

SharedControl::SharedControl(const Attachment& attachment)
    : lifeline(attachment.joined ? attachment.socket.duplicate() : base::Fd()),
      control(attachment.control.get()) {}

Ownership::Ownership(const Attachment& attachment, std::uint32_t session)
    : slot_(attachment.slot),
      session_(session),
      shared_control_(base::make_ref<SharedControl>(attachment)),
      node_(control(), slot_),
      store_(open_store(attachment, shared_control_, node_)),
      id_prefix_(new_id_prefix(control(), slot_)) {}

// ------------------------------------------------------------------------------------------------ entries

ObjectEntryRef Ownership::make_entry() {
  return base::make_ref<ObjectEntry>(next_id<ObjectId>(), session_);
}

void Ownership::subscribe(ObjectEntry& entry) {
  if (entry.done() || entry.pending().subscribed || !entry.from_elsewhere()) return;
  entry.pending().subscribed = true;
  node_.send(Subscribe{.object = entry.id()});
}

ObjectEntryRef Ownership::adopt_object(const ObjectId& id, Arrival arrival) {
  if (id.is_nil()) return {};
  auto entry = objects_.find_or_adopt(id, session_);
  if (arrival != Arrival::kLent) {
    if (entry->home() == Home::kLent) entry->set_home(Home::kHeld);
    ++entry->node_holds;
  }
  return entry;
}

base::Ref<ActorEntry> Ownership::adopt_actor(const ActorId& id, Arrival arrival) {
  if (id.is_nil()) return {};
  auto entry = actors_.find_or_adopt(id, session_);
  if (arrival != Arrival::kLent) {
    entry->home = Home::kHeld;
    ++entry->node_holds;
  }
  return entry;
}

void Ownership::keep(ObjectEntry& lent) {
  if (lent.home() != Home::kLent) return;
  node_.send(HoldObject{.object = lent.id(), .whose = slot_});
  base::failpoint(base::Failpoint::kObjectHeld);
  lent.set_home(Home::kHeld);
  ++lent.node_holds;
}

void Ownership::keep(ActorEntry& lent) {
  if (lent.home != Home::kLent) return;
  node_.send(HoldActor{.actor = lent.id(), .whose = slot_});
  lent.home = Home::kHeld;
  ++lent.node_holds;
}

// ------------------------------------------------------------------------------------------------ publishing

void Ownership::publish_all(std::span<const serialization::Reference> references) {
  for (const auto& reference : references) publish(reference);
}

void Ownership::publish(const serialization::Reference& reference) {
  if (reference.kind != serialization::RefKind::kObject || !reference.target) return;
  publish_object(static_cast<ObjectEntry&>(*reference.target));
}

void Ownership::publish_object(ObjectEntry& entry) {
  if (entry.home() != Home::kLocal) return;
  entry.set_home(Home::kPublished);
  entry.node_holds = 1;
  objects_.add(entry);
  if (entry.done()) {
    publish_all(entry.value().references());
    send_value<Publish>(entry);
  } else {
    node_.send(Publish{.object = entry.id()});
  }
  base::failpoint(base::Failpoint::kObjectPublished);
}

void Ownership::give_to_node(objectstore::Block& block) {
  if (block.mine()) {
    node_.send(AdoptBlock{.block = block.offset(), .holds = 1});
    base::failpoint(base::Failpoint::kBlockOffered);
    block.hand_over_to_node(1);
  } else if (block.holds() == 0) {
    reported_blocks_.insert(block.offset());
  }
}

void Ownership::give_to_node(const Value& value) {
  for (const auto& buffer : value.buffers()) give_to_node(*store_->block_of(buffer.storage.get()));
}

void Ownership::adopt_kept_blocks(std::span<const std::uint64_t> offsets) {
  for (const auto offset : offsets) {
    if (const auto block = store_->blocks().find(offset)) give_to_node(*block);
  }
}

template <class Message>
void Ownership::send_value(const ObjectEntry& entry) {
  const Value& value = entry.value();
  publish_all(value.references());
  give_to_node(value);
  std::vector<std::byte> wire(wire_size(value));
  write_wire(wire.data(), *store_, value);
  base::StorageRef outer;  // released after the message that makes the node hold it
  // SYNC: none: the node's memory need not be counted to the byte.
  const bool enough = control().session().node_has_enough.load(std::memory_order_relaxed);
  if (wire.size() > (enough ? kLeastOutside : kMaxInlineValue)) externalize(wire, outer);
  node_.send(Message{.object = entry.id()}, wire);
}

template void Ownership::send_value<Fulfil>(const ObjectEntry& entry);

// The wire form of a value, moved into a block of its own, which the node owns from now on. What finds no room there,
// and is too large for a message, becomes an error.
void Ownership::externalize(std::vector<std::byte>& wire, base::StorageRef& keep) {
  auto created = store_->create_now(wire.size());  // the tables lock is held
  if (!created.ok()) {
    if (wire.size() <= kMaxInlineValue) return;
    wire = error_wire(
        no_room_error(created.error(), *store_, wire.size(), "a value that leaves its process"));
    return;
  }
  auto& block = *created.value();
  std::memcpy(block.writable(), wire.data(), wire.size());
  block.seal();
  give_to_node(block);
  const Value outer({}, kExternal, {{block.data(), wire.size(), created.value()}}, {});
  keep = created.value();
  wire.resize(wire_size(outer));
  write_wire(wire.data(), *store_, outer);
}

}  // namespace manta::detail
