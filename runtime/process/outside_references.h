// ObjectRefs and ActorHandles in bytes outside the store: what manta::serialize() writes of them, and deserialize()
// reads.
//
//   serialize --publish, pin at the node--> bytes (node | job | id) --any process of the node--> hold, adopt
//
// A pinned object lives until manta::free() or the end of the session, whoever drops its refs; its node keeps the
// record, so that a later load is told "freed" or "its owner died". An actor that is pinned ends by kill() only.
// Errors: SerializationError for bytes of another node (both jobs are named) or malformed ones; InvalidArgument
//         without a session. Threads: any.
#pragma once
#include "../../serialization/bytes.h"

namespace manta::detail {

class OutsideReferences final : public serialization::ReferenceFormat {
 public:
  void write(const serialization::Reference& reference, serialization::MetaBytes& out) override;
  serialization::Reference read(serialization::RefKind kind,
                                std::span<const std::byte> bytes) override;

  static void install();  // for all values of this process; repeating it changes nothing
};

}  // namespace manta::detail
