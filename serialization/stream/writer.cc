// The beginning and the end of a stream first, then what is too long to stand in the header: growing, buffers, and
// arrays, which are looked up before they are written.
#include "writer.h"

#include <algorithm>
#include <memory>

#include "../../base/error.h"
#include "behind.h"
#include "known_arrays.h"
#include "trace.h"

namespace manta::serialization {
namespace {

constexpr std::size_t kFirstRoom = 256;

}  // namespace

Writer::Writer(Encoded& out, std::uint64_t fingerprint, std::string_view type) : out_(out) {
  out.clear();
  // Not to all the memory that it has: without optimization each byte that comes and goes takes time.
  out.meta.resize(kFirstRoom);
  cursor_ = out.meta.data();
  limit_ = cursor_ + out.meta.size();
  out.fingerprint = fingerprint;
  fixed(fingerprint);
  fixed(std::uint64_t{0});
  if (verbosity() > 0) [[unlikely]] {
    trace_ = new Trace(type, verbosity() > 1);
  }
}

Writer::~Writer() {
  if (remembers_) [[unlikely]] {
    forget();
  }
  if (!finished_) {
    if (trace_ != nullptr) [[unlikely]] {
      end_trace(false);
    }
    out_.clear();
  }
}

// What it has taken is kept for the thread's next value.
void Writer::forget() {
  if (arrays_ != nullptr) {
    WrittenArrays::release(arrays_);
  }
  if (behind_ != nullptr) {
    behind_->release();
  }
}

void Writer::finish() {
  if (behind_ != nullptr) {
    behind_->finish(*this);
  }
  out_.meta.resize(position());
  finished_ = true;
  if (trace_ != nullptr) [[unlikely]] {
    end_trace(true);
  }
}

void Writer::set_tracked_objects(std::uint32_t count, bool owners_follow) {
  const std::uint32_t words[2] = {count, owners_follow ? 1u : 0u};
  std::memcpy(out_.meta.data() + 8, words, sizeof words);
}

void Writer::end_trace(bool complete) {
  const std::unique_ptr<Trace> trace(trace_);
  trace->print(complete, position(), out_.buffers.size());
}

void Writer::grow(std::size_t size) {
  const std::size_t used = position();
  out_.meta.resize(std::max(2 * out_.meta.size(), used + size));
  cursor_ = out_.meta.data() + used;
  limit_ = out_.meta.data() + out_.meta.size();
}

std::size_t Writer::add_buffer(const void* data, std::size_t size, StorageRef keep) {
  if (keep == nullptr && temporary_) {
    keep = base::HeapStorage::copy_of({static_cast<const std::byte*>(data), size});
    data = keep->data();
  }
  out_.buffers.push_back({static_cast<const std::byte*>(data), size, std::move(keep)});
  return out_.buffers.size() - 1;
}

void Writer::out_of_band(const void* data, std::size_t size) {
  varint(2 * std::uint64_t{add_buffer(data, size, {})} + 2);
}

void Writer::bytes(std::size_t extents, const void* data, std::size_t size, StorageRef keep) {
  if (size == 0) {
    return;
  }
  if (keep == nullptr && temporary_) {  // its address may belong to another array soon
    borrowed(data, size);
    return;
  }
  if (arrays_ == nullptr) {
    arrays_ = WrittenArrays::acquire();
    remembers_ = true;
  }
  WrittenArrays& met = *arrays_;
  const auto fresh = static_cast<std::uint32_t>(met.written.size());
  const std::uint32_t number = met.numbers.find_or_add(data, size, fresh);
  if (number != fresh) {
    mention(extents, met.written[number].extents, met.written[number].payload);
  } else if (size < kArrayOutOfBand) {
    met.written.push_back({extents, 2 * met.inline_arrays++ + 3});
    met.owners.push_back(std::move(keep));
    varint(1);
    raw(data, size);
  } else {
    const auto payload = 2 * static_cast<std::uint32_t>(out_.buffers.size()) + 2;
    met.written.push_back({extents, payload});
    varint(payload);
    add_buffer(data, size, std::move(keep));
  }
}

// Writes an array that was met before. Extents tell where they end, so that those which begin alike are alike.
void Writer::mention(std::size_t extents, std::size_t first_extents, std::uint32_t payload) {
  const std::byte* stream = out_.meta.data();
  const std::size_t size = position() - extents;
  if (std::memcmp(stream + first_extents, stream + extents, size) == 0) {
    cursor_ -= size;
    varint(2 * std::uint64_t{first_extents} + kFirstMention);
  } else {
    varint(payload);
  }
}

void Writer::reference(RefKind kind, Ref<Counted> target) {
  fixed<std::uint8_t>(target == nullptr ? 0 : 1);
  if (target != nullptr) {
    out_.refs.push_back({kind, std::move(target)});
  }
}

void Writer::too_deep() {
  throw SerializationError(
      "the value exceeds the maximum depth; it may contain itself recursively (by value: what "
      "shared_ptr points to has no limit)");
}

}  // namespace manta::serialization
