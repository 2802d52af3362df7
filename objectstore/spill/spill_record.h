// The bytes of one object in a spill file:
//
//   | header: magic, number, size, checksum of these | bytes ... | a checksum of each MiB of them |
//
// Integers are little-endian, 8 bytes each; checksums are XXH3 (64 bits) of xxHash. A record begins at a multiple of 8;
// the bytes of a large one begin at a multiple of Disk::kAligned, so that they are written from the store's memory and
// read into it without a copy.
//
// Threads: a SpillWriter is confined; read_record() may be called by any, also for one file.
// Errors:  what the Disk throws; SpillLost for what is not as it was written.
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "disk.h"
#include "spill_place.h"

namespace manta::objectstore {

inline constexpr std::size_t kLargeRecord = 64 << 10;

// Memory at a multiple of Disk::kAligned.
class AlignedBuffer {
 public:
  explicit AlignedBuffer(std::size_t size);
  std::span<std::byte> bytes() const { return {memory_.get(), size_}; }

 private:
  struct Free {
    void operator()(std::byte* memory) const;
  };
  std::unique_ptr<std::byte, Free> memory_;
  std::size_t size_;
};

// Writes records into a new file, one after the other.
class SpillWriter {
 public:
  // `buffer` may serve many files.
  SpillWriter(Disk& disk, const Disk::File& file, AlignedBuffer& buffer)
      : disk_(disk), file_(file), buffer_(buffer.bytes()) {}

  // Gives where the first byte lies.
  std::uint64_t write(std::uint64_t number, std::span<const std::byte> bytes);
  void finish();  // after the last
  std::uint64_t size() const { return written_ + filled_; }

 private:
  void pad_to(std::size_t multiple, std::size_t before);
  void put(std::span<const std::byte> bytes);
  void flush();

  Disk& disk_;
  const Disk::File& file_;
  const std::span<std::byte> buffer_;
  std::size_t filled_ = 0;     // of the buffer
  std::uint64_t written_ = 0;  // of the file
};

// Most bytes that a record of `size` bytes needs in a file.
std::uint64_t record_room(std::uint64_t size);

// Reads the bytes of a record, several MiB at a time on some threads.
void read_record(Disk& disk, const Disk::File& file, const SpilledAt& at, std::span<std::byte> to);

}  // namespace manta::objectstore
