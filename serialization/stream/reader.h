// A Reader takes a value out of an EncodedView. It is the counterpart of the Writer, whose header states the
// bytes. It trusts nothing: every length, index and count is checked before it is used.
//
// Invariant: no more memory is asked for than memory_budget() allows, which is proportional to the input.
// Threads: confined.   Errors: SerializationError.
#pragma once
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <type_traits>
#include <utility>

#include "encoded.h"
#include "nesting.h"

namespace manta::serialization {

class ReadBehind;
struct ReadArrays;

// How much memory may be taken for what is made of these bytes. It is generous for real values, and proportional to
// what was sent.
std::size_t memory_budget(const EncodedView& view);

class Reader {
 public:
  explicit Reader(const EncodedView& view);
  ~Reader();
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

  std::uint64_t fingerprint() const { return fingerprint_; }

  // Reads what shared pointers point to, and refuses bytes that are left over. To be called once, at the end.
  void finish();

  // The next `size` bytes of the stream.
  const std::byte* raw(std::size_t size) {
    if (remaining() < size) [[unlikely]] {
      truncated();
    }
    const std::byte* p = cursor_;
    cursor_ += size;
    return p;
  }

  template <class T>
    requires std::is_trivially_copyable_v<T>
  T fixed() {
    T value;
    std::memcpy(__builtin_addressof(value), raw(sizeof(T)), sizeof(T));
    return value;
  }

  std::uint64_t varint() {
    if (cursor_ != limit_ && static_cast<std::uint8_t>(*cursor_) < 0x80) [[likely]] {
      return static_cast<std::uint8_t>(*cursor_++);
    }
    return long_varint();
  }

  bool boolean();  // refuses everything but 0 and 1

  // A count of things that take at least one byte each in the stream.
  std::size_t count() {
    const std::uint64_t n = varint();
    if (n > remaining()) [[unlikely]] {
      truncated();
    }
    return static_cast<std::size_t>(n);
  }

  // The first varint of the extents of flat elements. An array that was met before is looked up at the place where
  // it was first written: the extents that follow, and the payload, are read from there.
  std::uint64_t extents() {
    const std::uint64_t first = varint();
    if (is_mention(first)) [[unlikely]] {
      return revisit(first);
    }
    return first;
  }

  // The payload of an array of `size` bytes, as memory that has an owner and is aligned to 64 bytes.
  Buffer bytes(std::size_t size);

  // The same, to be copied out at once.
  struct Payload {
    const std::byte* data;
    std::uint64_t kind;  // 2 i + 2 for buffer i; 2 k + 3 for in-line array k; 0 if it has no number
    bool aligned() const { return kind != 0; }
  };
  Payload payload(std::size_t size);

  // That buffer, which must have exactly this size.
  const Buffer& buffer(std::uint64_t index, std::size_t size);

  // The next reference; its target may be null.
  const Reference& reference(RefKind kind);

  // To be called before memory is allocated in proportion to a number from outside.
  void charge(std::size_t size) {
    if (size > budget_) [[unlikely]] {
      over_budget();
    }
    budget_ -= size;
  }

  using Nested = Nesting<Reader>;

  std::size_t remaining() const { return static_cast<std::size_t>(limit_ - cursor_); }
  // In the stream; of one that was met.
  const std::byte* inline_array_start(std::size_t number) const;

  ReadBehind* behind() const { return behind_.get(); }  // null at first
  void set_behind(std::unique_ptr<ReadBehind> behind);
  // What the header of the stream says: how many objects follow, and a byte for each if not all are shared.
  std::uint32_t tracked_objects() const { return tracked_objects_; }
  std::span<const std::byte> owners() const;

  [[noreturn]] static void fail(const char* why);  // SerializationError

 private:
  friend class Nesting<Reader>;

  void finish_behind();
  void check_end() const;
  std::uint64_t long_varint();
  std::uint64_t revisit(std::uint64_t mention) {
    const std::uint64_t at = (mention - kFirstMention) / 2;
    if (at < kMetaHeader || at >= static_cast<std::size_t>(cursor_ - stream_)) [[unlikely]] {
      fail("an array that was met before is not before its mention");
    }
    resume_ = cursor_;
    cursor_ = stream_ + at;
    const std::uint64_t first = varint();
    if (is_mention(first)) [[unlikely]] {
      fail("an array that was met before is a mention itself");
    }
    return first;
  }
  std::uint64_t payload_kind() {
    std::uint64_t payload = varint();
    if (resume_ != nullptr) {
      if (payload < 2) [[unlikely]] {
        payload = visited_in_line(payload);
      }
      cursor_ = resume_;
      resume_ = nullptr;
    }
    return payload;
  }
  ReadArrays& arrays();
  std::uint64_t visited_in_line(std::uint64_t payload);
  const Buffer& inline_array(std::uint64_t payload, std::size_t size);
  Buffer new_inline_array(std::uint64_t payload, std::size_t size);
  [[noreturn]] static void truncated();
  [[noreturn]] static void over_budget();
  [[noreturn]] static void too_deep();

  const std::byte* cursor_;
  const std::byte* limit_;   // the table of owners begins here, if there is one
  const std::byte* stream_;  // where it begins
  std::size_t budget_;
  std::uint64_t fingerprint_;
  std::uint32_t tracked_objects_;
  int depth_ = 0;
  const std::byte* resume_ = nullptr;  // while an array is read where it was first written
  std::size_t next_reference_ = 0;
  std::unique_ptr<ReadArrays> arrays_;  // made at the first array that stands in the stream
  std::unique_ptr<ReadBehind> behind_;
  std::span<const Buffer> buffers_;
  std::span<const Reference> refs_;
};

}  // namespace manta::serialization
