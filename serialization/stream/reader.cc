// The beginning and the end of a stream first, then numbers, then arrays with their payloads, among them those that
// were met before; the refusals are at the end.
#include "reader.h"

#include <algorithm>
#include <string>

#include "../../base/error.h"
#include "behind.h"
#include "immutable_memory.h"
#include "known_arrays.h"

namespace manta::serialization {
namespace {

// How much memory may be asked for in the name of some bytes: values of few bytes may need much (an empty map takes
// more than the byte that says so), but not without a bound.
constexpr std::size_t kBaseBudget = std::size_t{64} << 20;
constexpr std::size_t kBudgetPerByte = 1024;

const Reference null_reference;

std::size_t budget_for(const EncodedView& view) {
  std::size_t input = view.meta.size();
  for (const Buffer& buffer : view.buffers) {
    input += buffer.size;
  }
  std::size_t budget = 0;
  if (__builtin_mul_overflow(input, kBudgetPerByte, &budget) ||
      __builtin_add_overflow(budget, kBaseBudget, &budget)) {
    return static_cast<std::size_t>(-1);
  }
  return budget;
}

}  // namespace

std::size_t memory_budget(const EncodedView& view) { return budget_for(view); }

// The header: fingerprint, number of tracked objects, whether there is a table of owners. That table lies at the end,
// and is cut off before anything else is read: its bytes are 0, 1 or 2.
Reader::Reader(const EncodedView& view)
    : stream_(view.meta.data()),
      budget_(budget_for(view)),
      buffers_(view.buffers),
      refs_(view.refs) {
  if (view.meta.size() < kMetaHeader) {
    truncated();
  }
  cursor_ = stream_;
  limit_ = cursor_ + view.meta.size();
  fingerprint_ = fixed<std::uint64_t>();
  tracked_objects_ = fixed<std::uint32_t>();
  const auto owners = fixed<std::uint32_t>();
  if (owners > 1 || (owners == 1 && tracked_objects_ > remaining())) {
    fail("the table of owners is broken");
  }
  if (owners == 1) {
    limit_ -= tracked_objects_;
    for (std::size_t i = 0; i < tracked_objects_; ++i) {
      if (limit_[i] > std::byte{2}) {
        fail("the table of owners is broken");
      }
    }
  }
}

Reader::~Reader() = default;

ReadArrays& Reader::arrays() {
  if (arrays_ == nullptr) {
    arrays_ = std::make_unique<ReadArrays>();
  }
  return *arrays_;
}

void Reader::set_behind(std::unique_ptr<ReadBehind> behind) { behind_ = std::move(behind); }

std::span<const std::byte> Reader::owners() const {
  std::uint32_t owners = 0;  // the last word of the header
  std::memcpy(&owners, stream_ + 12, sizeof owners);
  return {limit_, owners == 1 ? tracked_objects_ : std::size_t{0}};
}

const std::byte* Reader::inline_array_start(std::size_t number) const {
  return arrays_->inline_arrays[number].from;
}

// The bodies of tracked objects follow the value. Without a ReadBehind no pointer was met that could have led to one.
void Reader::finish() {
  if (behind_ != nullptr) [[unlikely]] {
    return finish_behind();
  }
  if (tracked_objects_ != 0) {
    fail("there are fewer objects than the header says");
  }
  check_end();
}

void Reader::finish_behind() {
  behind_->finish(*this);
  check_end();
  behind_->keep();
}

// What was written for this type is read to the last byte and reference: anything beyond is not what it claims to be.
void Reader::check_end() const {
  if (cursor_ != limit_) {
    fail("there are bytes after the value");
  }
  if (next_reference_ != refs_.size()) {
    fail("there are references that the value does not hold");
  }
}

// Of more than one byte. The tenth may only have the one bit that is left of 64.
std::uint64_t Reader::long_varint() {
  std::uint64_t value = 0;
  for (unsigned shift = 0; shift < 64; shift += 7) {
    const auto byte = static_cast<std::uint8_t>(*raw(1));
    const std::uint64_t bits = byte & 0x7f;
    if (shift == 63 && bits > 1) {
      break;
    }
    value |= bits << shift;
    if (byte < 0x80) {
      return value;
    }
  }
  fail("a number is longer than 64 bits");
}

bool Reader::boolean() {
  const auto value = fixed<std::uint8_t>();
  if (value > 1) {
    fail("a bool is neither 0 nor 1");
  }
  return value == 1;
}

const Buffer& Reader::buffer(std::uint64_t index, std::size_t size) {
  if (index >= buffers_.size() || buffers_[static_cast<std::size_t>(index)].size != size) {
    fail("an array's buffer is missing or has another size");
  }
  return buffers_[static_cast<std::size_t>(index)];
}

// The number of the in-line array whose bytes begin here; it got the number when it was first read.
std::uint64_t Reader::visited_in_line(std::uint64_t payload) {
  if (payload == 0) {
    fail("an array that was met before is none");
  }
  const auto& known = arrays().inline_arrays;
  const auto found =
      std::lower_bound(known.begin(), known.end(), cursor_,
                       [](const auto& array, const std::byte* from) { return array.from < from; });
  if (found == known.end() || found->from != cursor_) {
    fail("an array that was met before is missing");
  }
  return 2 * static_cast<std::uint64_t>(found - known.begin()) + 3;
}

// In-line array k, whose payload is 2 k + 3. The size is checked again: the mention comes from outside, too.
const Buffer& Reader::inline_array(std::uint64_t payload, std::size_t size) {
  const auto& known = arrays().inline_arrays;
  const std::uint64_t index = (payload - 3) / 2;
  if (index >= known.size() || known[static_cast<std::size_t>(index)].buffer.size != size) {
    fail("an array that was met before is missing or has another size");
  }
  return known[static_cast<std::size_t>(index)].buffer;
}

// The bytes of the array follow here. It gets the next number if it may be mentioned again, which the payload 1 says.
Buffer Reader::new_inline_array(std::uint64_t payload, std::size_t size) {
  const std::byte* from = raw(size);
  charge(size);
  auto copy = immutable_copy({from, size});
  Buffer array{copy->data(), size, copy};
  if (payload == 1) {
    arrays().inline_arrays.push_back({array, from});
  }
  return array;
}

// Payloads as docs/wire.md has them: 0 and 1 are bytes that follow, an even number is a buffer, an odd one an in-line
// array that was met before. A buffer that somebody owns is shared; any other memory may change or go, and is copied.
Buffer Reader::bytes(std::size_t size) {
  if (size == 0) {
    if (resume_ != nullptr) {
      fail("an array that was met before is empty");
    }
    return {};
  }
  const std::uint64_t payload = payload_kind();
  if (payload > 1 && payload % 2 == 0) {
    const Buffer& found = buffer(payload / 2 - 1, size);
    if (found.storage != nullptr) {
      return found;
    }
    charge(size);
    auto copy = immutable_copy({found.data, size});
    return {copy->data(), size, copy};
  }
  if (payload > 1) {
    return inline_array(payload, size);
  }
  return new_inline_array(payload, size);
}

// Whoever copies the elements out needs no owner: so bytes that follow are looked at where they stand, unless they may
// be mentioned again.
Reader::Payload Reader::payload(std::size_t size) {
  if (size == 0) {
    if (resume_ != nullptr) {
      fail("an array that was met before is empty");
    }
    return {nullptr, 0};
  }
  const std::uint64_t payload = payload_kind();
  if (payload == 0) {
    return {raw(size), 0};
  }
  if (payload % 2 == 0) {
    return {buffer(payload / 2 - 1, size).data, payload};
  }
  if (payload > 1) {
    return {inline_array(payload, size).data, payload};
  }
  const Buffer array = new_inline_array(payload, size);
  return {array.data, 2 * std::uint64_t{arrays().inline_arrays.size()} + 1};
}

// References are taken in their order in the table: the stream says only whether the next one is null.
const Reference& Reader::reference(RefKind kind) {
  if (!boolean()) {
    return null_reference;
  }
  if (next_reference_ >= refs_.size()) {
    fail("a reference is missing");
  }
  const Reference& reference = refs_[next_reference_++];
  if (reference.kind != kind) {
    fail("a reference to an object stands where one to an actor should, or the reverse");
  }
  return reference;
}

void Reader::fail(const char* why) {
  throw SerializationError(std::string("the bytes are corrupt: ") + why);
}

void Reader::truncated() { fail("they end too early"); }

void Reader::over_budget() {
  throw SerializationError(
      "the bytes ask for more memory than values of their size take: they are corrupt, or they "
      "mention one array very often and are read into copies of it (read it as an Array)");
}

void Reader::too_deep() {
  throw SerializationError(
      "the value exceeds the maximum depth; it may contain itself recursively");
}

}  // namespace manta::serialization
