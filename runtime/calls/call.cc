#include "call.h"

#include <cstring>

#include "../code/names.h"
#include "../ownership/value_codec.h"

namespace manta::detail {

namespace {

// So that the worker can say of which object an array is.
void name_blocks(const objectstore::Store& store, const ObjectEntry& entry) {
  for (const auto& buffer : entry.value().buffers()) {
    auto* block = store.block_of(buffer.storage.get());
    if (block != nullptr && block->object().is_nil()) block->set_object(entry.id());
  }
}

}  // namespace

Call::~Call() {
  if (counted_by != nullptr) counted_by->remove(counted_bytes);
}

void Call::run(base::Ref<Command> self, CallRouter& router) {
  router.accept(base::static_ref_cast<Call>(std::move(self)));
}

// An actor's calls are sent in their order, by its sender.
void Call::object_done(base::Ref<Command> self, CallRouter& router) {
  if (--missing == 0 && !abandoned && !actor) {
    router.start_ready(base::static_ref_cast<Call>(std::move(self)));
  }
}

namespace {
std::size_t padded(std::size_t size) { return (size + 7) & ~std::size_t{7}; }
}  // namespace

std::size_t Call::frame_size() const {
  return sizeof frame + padded(name.size()) + (external ? 0 : arguments_size());
}

void Call::write_frame(std::byte* out, std::size_t size, std::uint64_t sequence,
                       const objectstore::Store& store) {
  frame.size = static_cast<std::uint32_t>(size);
  frame.sequence = sequence;
  frame.name_size = static_cast<std::uint32_t>(name.size());
  std::memcpy(out, &frame, sizeof frame);
  out += sizeof frame;
  if (!name.empty()) {
    std::memcpy(out, name.data(), name.size());
    out += padded(name.size());
  }
  if (!external) write_arguments(out, store);
}

std::size_t Call::arguments_size() const {
  std::size_t size = body.size();
  if (kept) {
    for (const auto& part : kept->parts) size += wire_size(part.entry->value());
  }
  return size;
}

void Call::write_arguments(std::byte* out, const objectstore::Store& store) const {
  std::size_t copied = 0;
  const auto copy_until = [&](std::size_t end) {
    if (end > copied) std::memcpy(out, body.data() + copied, end - copied);
    out += end - copied;
    copied = end;
  };
  if (kept) {
    for (const auto& part : kept->parts) {
      copy_until(part.at);
      name_blocks(store, *part.entry);
      out = write_wire(out, store, part.entry->value());
    }
  }
  copy_until(body.size());
}

base::Status<objectstore::StoreError> Call::externalize(objectstore::Store& store) {
  const std::size_t size = arguments_size();
  auto created = store.create(size);
  if (!created.ok()) return created.error();
  auto& block = *created.value();
  write_arguments(block.writable(), store);
  block.seal();
  frame.external_block = block.offset() + 1;
  frame.external_size = size;
  external = std::move(created.value());
  body = {};
  return {};
}

const ObjectEntry* Call::failed_argument() const {
  if (kept) {
    for (const auto& part : kept->parts) {
      if (part.entry->state() == ObjectState::kFailed) return part.entry.get();
    }
  }
  return nullptr;
}

std::string Call::display_name() const { return detail::display_name(frame, name); }

}  // namespace manta::detail
