// A ring is a bounded byte queue in shared memory, from one writer to one reader. Its messages are
// contiguous: the writer fills them in place, the reader reads them in place.
//
//   | word | payload, padded to 8 | word | payload | word 0 |  (not yet written) ...
//                                                    ^ tail: the reader looks here
//   word = kind << 32 | payload bytes; kind is kFrame, or kPad: skip to the start of the ring
//
// The word is the publication: the reader polls the word where the next frame will be, so a message
// costs one transfer of a cache line, not two. Before the writer publishes a frame it zeroes the
// word behind it. `tail` and `head` (bytes since the beginning, never wrapped) are published too:
// the writer learns from head how much room it has, and whoever asks whether the ring is empty needs tail.
//
// Invariants: (1) zeroed memory is an empty ring; (2) tail - head <= capacity - 8: the word that
//             the reader polls is never overwritten; (3) a frame never wraps.
// A writer that finds the ring empty time and again starts at its beginning when it is beyond the
// first 64 KiB, so that a ring without bursts never touches its other pages. (Until the reader has
// passed the pad, only what lies before it is free, so this does not suit rings with bursts.)
// Threads: one writer and one reader, each confined; RingReader::empty() is for any thread.
// Units:   bytes.
// Errors:  reserve() gives null when the ring is full. The reader trusts nothing that it reads, copies each word
//          before it checks it, and is broken() when it finds nonsense.
#pragma once
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>

#include "../base/build_settings.h"

namespace manta::rpc {

inline constexpr std::uint32_t kMaxMessage = 80 * 1024;  // payload bytes of one frame

struct RingHeader {
  alignas(128) std::atomic<std::uint64_t> tail;  // written by the writer
  // By prepare(): the place and the word that commit() is about to publish.
  std::atomic<std::uint64_t> prepared_at;
  std::atomic<std::uint64_t> prepared_word;
  alignas(128) std::atomic<std::uint64_t> head;  // written by the reader
};

struct RingMemory {
  RingHeader* header = nullptr;
  std::byte* data = nullptr;   // 8-byte aligned
  std::uint32_t capacity = 0;  // a power of two, at least 256 KiB
};

namespace ring_detail {
inline constexpr std::uint64_t kFrame = 0x46524d31;  // "FRM1"
inline constexpr std::uint64_t kPad = 0x50414431;    // "PAD1"
inline constexpr std::uint32_t kWordBytes = 8;
inline constexpr std::uint32_t kRewindBytes = 64 * 1024;
inline constexpr std::uint32_t kRewindCheckBytes = 4096;  // how often to look at the reader's head
inline constexpr std::uint32_t kQuietChecks = 15;

inline std::atomic<std::uint64_t>& word_at(const RingMemory& ring, std::uint64_t position) {
  return *reinterpret_cast<std::atomic<std::uint64_t>*>(ring.data +
                                                        (position & (ring.capacity - 1)));
}
constexpr std::uint64_t word(std::uint64_t kind, std::uint32_t size) { return kind << 32 | size; }
constexpr std::uint32_t frame_bytes(std::uint32_t size) { return kWordBytes + ((size + 7) & ~7u); }
}  // namespace ring_detail

class RingWriter {
 public:
  RingWriter() = default;
  explicit RingWriter(RingMemory ring);  // continues where the last writer of this memory stopped

  // Room for a message of `size` bytes (1 to kMaxMessage), aligned to 8 bytes; null when the ring has
  // none now. Nothing is visible before commit(); to reserve again forgets the reservation.
  std::byte* reserve(std::uint32_t size);
  // The reserved message is complete: should this process die before commit(), recover() finds it.
  void prepare();
  // Publishes it. The caller then rings the reader's doorbell, once per burst.
  void commit();
  // Whether reserve(size) would succeed.
  bool has_room(std::uint32_t size) const;

 private:
  std::uint64_t first_word();
  std::uint32_t padding_before(std::uint32_t frame);
  bool fits(std::uint64_t bytes) const;

  RingMemory ring_;
  std::uint64_t tail_ = 0;
  std::uint64_t rewind_at_ = 0;     // from this tail on the writer looks whether the ring is empty
  std::uint32_t quiet_checks_ = 0;  // looks in a row that found it empty
  mutable std::uint64_t seen_head_ = 0;  // the reader's head at the last look
  std::uint32_t pad_ = 0;                // the reservation
  std::uint32_t size_ = 0;
};

class RingReader {
 public:
  RingReader() = default;
  explicit RingReader(RingMemory ring);  // continues where the last reader of this memory stopped

  // The oldest message, valid until pop(); empty when none has arrived.
  std::span<const std::byte> front();
  void pop();  // only after a front() that was not empty
  // The writer is dead: publishes what it had prepared, behind all that it committed.
  void recover();
  // The memory makes no sense: its writer must be stopped.
  bool broken() const { return broken_; }

  // SYNC: sees every push whose writer has passed a full fence since; ring(doorbell) has one.
  bool empty() const {
    const std::uint64_t head = ring_.header->head.load(std::memory_order_acquire);
    const std::uint64_t tail = ring_.header->tail.load(std::memory_order_acquire);
    return static_cast<std::int64_t>(tail - head) <= 0;  // head may be ahead for a moment
  }

 private:
  bool skip_pad(std::uint64_t word);
  void advance(std::uint64_t bytes);

  RingMemory ring_;
  std::uint64_t head_ = 0;
  std::uint32_t front_bytes_ = 0;  // of the frame that front() returned
  bool broken_ = false;
};

// SYNC: acquire (tail): a writer that follows a dead one sees what that had written.
inline RingWriter::RingWriter(RingMemory ring)
    : ring_(ring), tail_(ring.header->tail.load(std::memory_order_acquire)), rewind_at_(tail_) {
  // SYNC: acquire what the reader has finished reading, before we write over it.
  seen_head_ = ring.header->head.load(std::memory_order_acquire);
}

// The word behind the frame must fit too. A head that makes no sense means no room.
inline bool RingWriter::fits(std::uint64_t bytes) const {
  const std::uint64_t need = bytes + ring_detail::kWordBytes;
  if (tail_ - seen_head_ + need <= ring_.capacity) return true;
  // SYNC: acquire what the reader has finished reading, before we write over it.
  seen_head_ = ring_.header->head.load(std::memory_order_acquire);
  return tail_ - seen_head_ <= ring_.capacity && tail_ - seen_head_ + need <= ring_.capacity;
}

// The bytes to skip so that the frame does not wrap, or so that a quiet ring starts at its beginning.
inline std::uint32_t RingWriter::padding_before(std::uint32_t frame) {
  const std::uint32_t position = static_cast<std::uint32_t>(tail_ & (ring_.capacity - 1));
  const std::uint32_t to_end = ring_.capacity - position;
  if (frame > to_end) return to_end;
  if (tail_ < rewind_at_) return 0;
  rewind_at_ = tail_ + ring_detail::kRewindCheckBytes;
  // SYNC: as in fits().
  seen_head_ = ring_.header->head.load(std::memory_order_acquire);
  quiet_checks_ = seen_head_ == tail_ ? quiet_checks_ + 1 : 0;
  const bool rewind = quiet_checks_ >= ring_detail::kQuietChecks &&
                      position >= ring_detail::kRewindBytes &&
                      position >= frame + ring_detail::kWordBytes;
  return rewind ? to_end : 0;
}

inline std::byte* RingWriter::reserve(std::uint32_t size) {
  size_ = 0;
  if (size == 0 || size > kMaxMessage) [[unlikely]] {
    return nullptr;
  }
  const std::uint32_t frame = ring_detail::frame_bytes(size);
  pad_ = padding_before(frame);
  if (!fits(std::uint64_t{pad_} + frame)) [[unlikely]] {
    return nullptr;
  }
  size_ = size;
  return ring_.data + ((tail_ + pad_) & (ring_.capacity - 1)) + ring_detail::kWordBytes;
}

inline bool RingWriter::has_room(std::uint32_t size) const {
  const std::uint32_t frame = ring_detail::frame_bytes(size);
  const std::uint64_t to_end = ring_.capacity - (tail_ & (ring_.capacity - 1));
  return fits(frame > to_end ? to_end + frame : frame);
}

// Writes all but the word at tail_, and gives that word. SYNC: the word at tail_ publishes what is written here.
inline std::uint64_t RingWriter::first_word() {
  using namespace ring_detail;
  const std::uint64_t start = tail_ + pad_;
  word_at(ring_, start + frame_bytes(size_)).store(0, std::memory_order_relaxed);
  if (pad_ == 0) [[likely]] {
    return word(kFrame, size_);
  }
  word_at(ring_, start).store(word(kFrame, size_), std::memory_order_release);
  return word(kPad, pad_ - kWordBytes);
}

inline void RingWriter::prepare() {
  if (size_ == 0) return;
  // SYNC: the next store publishes it.
  ring_.header->prepared_word.store(first_word(), std::memory_order_relaxed);
  // SYNC: the payload and its words become visible to recover().
  ring_.header->prepared_at.store(tail_, std::memory_order_release);
}

inline void RingWriter::commit() {
  using namespace ring_detail;
  if (size_ == 0) return;
  const std::uint64_t at = tail_, start = at + pad_, end = start + frame_bytes(size_);
  const std::uint64_t word = first_word();
  if (pad_ != 0) [[unlikely]] {
    rewind_at_ = start + kRewindCheckBytes;
  }
  tail_ = end;
  size_ = 0;
  // SYNC: the payload, the frame's word and the zero behind it become visible to front().
  word_at(ring_, at).store(word, std::memory_order_release);
  // SYNC: for empty(), which must not say "empty" to a reader that then parks (see doorbell.h).
  ring_.header->tail.store(end, std::memory_order_release);
}

// SYNC: acquire: a reader that follows another one sees what that has freed.
inline RingReader::RingReader(RingMemory ring)
    : ring_(ring), head_(ring.header->head.load(std::memory_order_acquire)) {}

inline void RingReader::advance(std::uint64_t bytes) {
  head_ += bytes;
  // SYNC: release: we have read all that lies before, and the writer may write over it.
  ring_.header->head.store(head_, std::memory_order_release);
}

// False if the pad does not end where the ring ends: no writer of ours made it.
inline bool RingReader::skip_pad(std::uint64_t word) {
  const std::uint64_t to_end = ring_.capacity - (head_ & (ring_.capacity - 1));
  if ((word & 0xffffffff) + ring_detail::kWordBytes != to_end) return false;
  advance(to_end);
  return true;
}

inline std::span<const std::byte> RingReader::front() {
  using namespace ring_detail;
  while (!broken_) {
    // SYNC: the payload that commit() published becomes visible to us.
    const std::uint64_t word = word_at(ring_, head_).load(std::memory_order_acquire);
    if (word == 0) return {};
    const std::uint32_t size = static_cast<std::uint32_t>(word);
    const std::uint64_t position = head_ & (ring_.capacity - 1);
    if (word >> 32 == kFrame && size != 0 && size <= kMaxMessage &&
        position + frame_bytes(size) <= ring_.capacity) [[likely]] {
      front_bytes_ = frame_bytes(size);
      return {ring_.data + position + kWordBytes, size};
    }
    broken_ = word >> 32 != kPad || !skip_pad(word);
  }
  return {};
}

inline void RingReader::recover() {
  if (!front().empty() || broken_) return;
  // SYNC: what prepare() published becomes visible to us. The writer is dead, so nobody else stores the word.
  const std::uint64_t at = ring_.header->prepared_at.load(std::memory_order_acquire);
  const std::uint64_t word = ring_.header->prepared_word.load(std::memory_order_relaxed);
  // What was prepared and committed lies behind us. (A new ring has prepared nothing: word 0.)
  if (at == head_) ring_detail::word_at(ring_, at).store(word, std::memory_order_relaxed);
}

inline void RingReader::pop() { advance(front_bytes_); }

}  // namespace manta::rpc
