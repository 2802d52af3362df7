#include <cstring>

#include <manta/runtime/call.h>
#include <manta/runtime/names.h>
#include <manta/runtime/process.h>
#include <manta/runtime/value_codec.h>

namespace manta::detail {

Call::~Call() {
  if (process != nullptr) process->remove_pending(counted_bytes);
}

void Call::run(Process& here) { here.accept(this); }

std::size_t Call::arguments_size() const {
  std::size_t size = body.size();
  if (kept) {
    for (const auto& part : kept->parts) size += wire_size(part.entry->value());
  }
  return size;
}

void Call::write_arguments(std::byte* out) const {
  std::size_t copied = 0;
  const auto copy_until = [&](std::size_t end) {
    if (end > copied) std::memcpy(out, body.data() + copied, end - copied);
    out += end - copied;
    copied = end;
  };
  if (kept) {
    const auto& store = Process::current_store();
    for (const auto& part : kept->parts) {
      copy_until(part.at);
      out = write_wire(out, store, part.entry->value());
    }
  }
  copy_until(body.size());
}

const ObjectEntry* Call::failed_argument() const {
  if (kept) {
    for (const auto& part : kept->parts) {
      if (part.entry->state() == ObjectState::failed) return part.entry.get();
    }
  }
  return nullptr;
}

std::string Call::display_name() const { return detail::display_name(frame, name); }

}  // namespace manta::detail
