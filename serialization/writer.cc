#include "writer.h"

#include <algorithm>
#include <memory>

#include "../base/error.h"
#include "trace.h"
#include "tracking.h"

namespace manta::serialization {
namespace {

constexpr std::size_t kFirstRoom = 256;

// Owned by the thread between two values.
thread_local std::unique_ptr<WriterTracking> spare_tracking;

}  // namespace

WriterTracking* WriterTracking::acquire() {
  WriterTracking* spare = spare_tracking.release();
  return spare != nullptr ? spare : new WriterTracking;
}

void WriterTracking::release(WriterTracking* tracking) {
  tracking->clear();
  if (spare_tracking == nullptr) {
    spare_tracking.reset(tracking);
  } else {
    delete tracking;
  }
}

void WriterTracking::clear() {
  constexpr std::size_t kKeep = 4096;  // not the memory of the largest value for ever
  arrays.clear();
  if (written.size() > kKeep) {
    written = {};
  }
  written.clear();
  inline_arrays = 0;
  if (array_owners.size() > kKeep) {
    array_owners = {};
  }
  array_owners.clear();
  objects.clear();
}

Writer::Writer(Encoded& out, std::uint64_t fingerprint, std::string_view type) : out_(out) {
  out.clear();
  out.meta.resize(std::max(out.meta.capacity(), kFirstRoom));
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
  if (tracking_ != nullptr) {
    WriterTracking::release(tracking_);
  }
  if (!finished_) {
    if (trace_ != nullptr) [[unlikely]] {
      end_trace(false);
    }
    out_.clear();
  }
}

WriterTracking& Writer::tracking() {
  if (tracking_ == nullptr) {
    tracking_ = WriterTracking::acquire();
  }
  return *tracking_;
}

void Writer::finish() {
  if (tracking_ != nullptr && tracking_->objects.size() != 0) {
    WrittenObjects& objects = tracking_->objects;
    objects.drain(*this);
    objects.write_owners(*this);
    const std::uint32_t words[2] = {static_cast<std::uint32_t>(objects.size()),
                                    objects.all_shared() ? 0u : 1u};
    std::memcpy(out_.meta.data() + 8, words, sizeof words);
  }
  out_.meta.resize(position());
  finished_ = true;
  if (trace_ != nullptr) [[unlikely]] {
    end_trace(true);
  }
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
  if (keep == nullptr && temporary_) {  // its address may be used again
    borrowed(data, size);
    return;
  }
  WriterTracking& tracked = tracking();
  const auto fresh = static_cast<std::uint32_t>(tracked.written.size());
  const std::uint32_t number = tracked.arrays.find_or_add(data, size, fresh);
  if (number != fresh) {
    mention(extents, tracked.written[number].extents, tracked.written[number].payload);
  } else if (size < kArrayOutOfBand) {
    tracked.written.push_back({extents, 2 * tracked.inline_arrays++ + 3});
    tracked.array_owners.push_back(std::move(keep));
    varint(1);
    raw(data, size);
  } else {
    const auto payload = 2 * static_cast<std::uint32_t>(out_.buffers.size()) + 2;
    tracked.written.push_back({extents, payload});
    varint(payload);
    add_buffer(data, size, std::move(keep));
  }
}

// An array that was met before. Extents tell where they end, so those that begin alike are alike.
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
