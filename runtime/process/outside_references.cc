#include "outside_references.h"

#include <cstring>
#include <string>

#include "../../base/error.h"
#include "../ownership/arrivals.h"
#include "in_turn.h"
#include "process.h"

namespace manta::detail {
namespace {

using serialization::Reference;
using serialization::RefKind;

struct Written {
  NodeId node;
  JobId job;
  ObjectId id;
};

ObjectId id_of(const Reference& reference) {
  const WireReference wire = wire_of(reference);
  return {wire.hi, wire.lo};
}

void check_session(const Reference& reference) {
  if (reference.kind == RefKind::kActor) {
    checked_actor(base::Ref<ActorEntry>::retain(static_cast<ActorEntry*>(reference.target.get())),
                  "manta::serialize() of an ActorHandle");
    return;
  }
  if (static_cast<const ObjectEntry&>(*reference.target).session != OpenSession::current_number()) {
    OpenSession::refuse_ended("manta::serialize() of an ObjectRef", "object",
                              id_of(reference).hex());
  }
}

}  // namespace

void OutsideReferences::write(const Reference& reference, serialization::MetaBytes& out) {
  Process& process = Process::current("manta::serialize() of an ObjectRef or ActorHandle");
  check_session(reference);
  // In the order of what this thread submitted before: an actor's creation.
  run_in_turn([&](base::Ref<Command> command) { process.submit(std::move(command)); },
              process.progress(),
              [&] {
                process.ownership().publish(reference);
                process.node().hold(wire_of(reference), rpc::kNodeSlot);
              });
  const Written written{process.attachment().node, process.attachment().job, id_of(reference)};
  const auto bytes = std::as_bytes(std::span(&written, 1));
  out.insert(out.end(), bytes.begin(), bytes.end());
}

Reference OutsideReferences::read(RefKind kind, std::span<const std::byte> bytes) {
  Process& process = Process::current("manta::deserialize() of an ObjectRef or ActorHandle");
  Written written{};
  if (bytes.size() != sizeof written) serialization::Reader::fail("a reference is of another size");
  std::memcpy(&written, bytes.data(), sizeof written);
  const ObjectId& id = written.id;
  if (id.is_nil()) serialization::Reader::fail("a reference names nothing");
  if (const auto& ours = process.attachment(); written.node != ours.node) {
    throw SerializationError((kind == RefKind::kActor ? "an ActorHandle" : "an ObjectRef") +
                             std::string(" in these bytes belongs to another session, job ") +
                             written.job.hex() + "; this process is in job " + ours.job.hex() +
                             ": references can be loaded only in the session that wrote them, or "
                             "in another one on the same node");
  }
  const TablesLock lock(process.tables());
  const WireReference reference{static_cast<std::uint64_t>(kind), id.hi(), id.lo()};
  process.node().hold(reference, process.slot());
  return adopt_reference(process.ownership(), reference, Arrival::kHeld);
}

void OutsideReferences::install() {
  static OutsideReferences format;
  serialization::set_reference_format(&format);
}

}  // namespace manta::detail
