// What a driver needs of a session that has no node: memory of its own, in which rings end that nobody reads.
#pragma once
#include <cstddef>

#include "../../objectstore/arena/arena.h"
#include "../../rpc/control.h"
#include "../launch/entry.h"

namespace manta::detail {

inline Attachment attachment_without_node() {
  constexpr objectstore::ArenaSize kSize{.memory = std::size_t{16} << 20};
  Attachment attachment;
  attachment.slot = rpc::kDriverSlot;
  attachment.control = rpc::Control::create(
      {.arena_bytes = kSize.memory, .store_meta_bytes = objectstore::Arena::metadata_size(kSize)});
  const rpc::Control control(attachment.control.get());
  objectstore::Arena::initialize(control.store_meta(), control.store_meta_size(), kSize);
  attachment.arena = objectstore::create_arena_files(kSize.memory);
  return attachment;
}

}  // namespace manta::detail
