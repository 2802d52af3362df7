// What a record is made of (header, pieces, checks) and reading with any alignment; then aligned memory, the writer,
// and the reader, in the order of the header.
#include "spill_record.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <mutex>
#include <new>
#include <string>
#include <vector>
#include <xxhash.h>

#include "../arena/parallel_copy.h"

namespace manta::objectstore {
namespace {

constexpr std::uint64_t kMagic = 0x314c'4c50'5354'4e4d;  // "MNTSPLL1"
constexpr std::size_t kPiece = 1 << 20;     // has a checksum; as parallel_pieces() cuts
constexpr std::size_t kPiecesAtOnce = 8;    // of a large object, in one write
constexpr std::size_t kDirect = 256 << 10;  // what is written without a copy

struct Header {
  std::uint64_t magic = kMagic;
  std::uint64_t number = 0;
  std::uint64_t size = 0;
  std::uint64_t check = 0;
};

std::uint64_t check_of(std::span<const std::byte> bytes) {
  return XXH3_64bits(bytes.data(), bytes.size());
}

Header header_of(std::uint64_t number, std::uint64_t size) {
  Header header{.number = number, .size = size};
  header.check = check_of(std::as_bytes(std::span(&header, 1)).first(offsetof(Header, check)));
  return header;
}

std::size_t pieces_of(std::uint64_t size) {
  return static_cast<std::size_t>((size + kPiece - 1) / kPiece);
}

template <class Bytes>
Bytes piece_at(Bytes bytes, std::size_t number) {
  const std::size_t begin = number * kPiece;
  return bytes.subspan(begin, std::min(kPiece, bytes.size() - begin));
}

std::uint64_t down(std::uint64_t value) { return value & ~std::uint64_t{Disk::kAligned - 1}; }
bool aligned(std::uint64_t value) { return down(value) == value; }
bool aligned(const std::byte* address) {
  return aligned(reinterpret_cast<std::uintptr_t>(address));
}

// Reads what is not aligned through memory that is.
class UnalignedReader {
 public:
  UnalignedReader(Disk& disk, const Disk::File& file) : disk_(disk), file_(file) {}

  void read(std::span<std::byte> to, std::uint64_t at) {
    while (!to.empty()) {
      const std::uint64_t from = down(at);
      const auto before = static_cast<std::size_t>(at - from);
      const std::size_t size = std::min(to.size(), kPiece - before);
      const std::size_t whole = static_cast<std::size_t>(down(before + size + Disk::kAligned - 1));
      const auto bounce = buffer_.bytes().first(whole);
      disk_.read(file_, bounce, from);
      std::memcpy(to.data(), bounce.data() + before, size);
      to = to.subspan(size);
      at += size;
    }
  }

 private:
  Disk& disk_;
  const Disk::File& file_;
  AlignedBuffer buffer_{kPiece + Disk::kAligned};
};

// The whole blocks go where they belong, past the page cache.
void read_bytes(Disk& disk, const Disk::File& file, std::span<std::byte> to, std::uint64_t at) {
  if (!file.direct) return disk.read(file, to, at);
  if (aligned(at) && aligned(to.data())) {
    const auto whole = static_cast<std::size_t>(down(to.size()));
    disk.read(file, to.first(whole), at);
    to = to.subspan(whole);
    at += whole;
  }
  if (!to.empty()) UnalignedReader(disk, file).read(to, at);
}

[[noreturn]] void damaged(const char* what) {
  throw SpillLost(std::string("a spill file is damaged: ") + what);
}

// The first failure of several threads.
class FirstFailure {
 public:
  void keep() {
    const std::lock_guard lock(mutex_);
    if (!failure_) failure_ = std::current_exception();
  }
  void rethrow() const {
    if (failure_) std::rethrow_exception(failure_);
  }

 private:
  std::mutex mutex_;
  std::exception_ptr failure_;
};

}  // namespace

// ------------------------------------------------------------------------------------------------ memory

AlignedBuffer::AlignedBuffer(std::size_t size)
    : memory_(static_cast<std::byte*>(std::aligned_alloc(Disk::kAligned, size))), size_(size) {
  if (!memory_) throw std::bad_alloc();
}

void AlignedBuffer::Free::operator()(std::byte* memory) const { std::free(memory); }

// ------------------------------------------------------------------------------------------------ writing

std::uint64_t record_room(std::uint64_t size) {
  return size + sizeof(Header) + pieces_of(size) * sizeof(std::uint64_t) + 2 * Disk::kAligned;
}

std::uint64_t SpillWriter::write(std::uint64_t number, std::span<const std::byte> bytes) {
  pad_to(bytes.size() >= kLargeRecord ? Disk::kAligned : alignof(Header), sizeof(Header));
  const Header header = header_of(number, bytes.size());
  put(std::as_bytes(std::span(&header, 1)));
  const std::uint64_t begin = size();
  std::vector<std::uint64_t> checks(pieces_of(bytes.size()));
  for (std::size_t i = 0; i < checks.size(); i += kPiecesAtOnce) {
    const std::size_t end = std::min(checks.size(), i + kPiecesAtOnce);
    for (std::size_t piece = i; piece < end; ++piece) {
      checks[piece] = check_of(piece_at(bytes, piece));
    }
    put(bytes.subspan(i * kPiece, std::min(kPiecesAtOnce * kPiece, bytes.size() - i * kPiece)));
  }
  put(std::as_bytes(std::span(checks)));
  return begin;
}

void SpillWriter::finish() {
  pad_to(Disk::kAligned, 0);
  flush();
}

// Zeros, until `before` bytes more would end at such a multiple.
void SpillWriter::pad_to(std::size_t multiple, std::size_t before) {
  static constexpr std::array<std::byte, Disk::kAligned> zeros{};
  const std::size_t over = static_cast<std::size_t>((size() + before) % multiple);
  if (over != 0) put(std::span(zeros).first(multiple - over));
}

void SpillWriter::put(std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    if (aligned(filled_) && aligned(bytes.data()) && bytes.size() >= kDirect) {
      flush();
      const auto whole = bytes.first(static_cast<std::size_t>(down(bytes.size())));
      disk_.write(file_, whole, written_);
      written_ += whole.size();
      bytes = bytes.subspan(whole.size());
      continue;
    }
    const std::size_t size = std::min(bytes.size(), buffer_.size() - filled_);
    std::memcpy(buffer_.data() + filled_, bytes.data(), size);
    filled_ += size;
    bytes = bytes.subspan(size);
    if (filled_ == buffer_.size()) flush();
  }
}

void SpillWriter::flush() {
  disk_.write(file_, buffer_.first(filled_), written_);
  written_ += filled_;
  filled_ = 0;
}

// ------------------------------------------------------------------------------------------------ reading

void read_record(Disk& disk, const Disk::File& file, const SpilledAt& at, std::span<std::byte> to) {
  Header header;
  if (at.offset < sizeof header) damaged("there is no room for a header");
  read_bytes(disk, file, std::as_writable_bytes(std::span(&header, 1)), at.offset - sizeof header);
  const Header expected = header_of(at.number, at.size);
  if (std::memcmp(&header, &expected, sizeof header) != 0) damaged("a header is another one");
  std::vector<std::uint64_t> checks(pieces_of(at.size));
  read_bytes(disk, file, std::as_writable_bytes(std::span(checks)), at.offset + at.size);
  FirstFailure failure;
  parallel_pieces(to.size(), [&](std::size_t begin, std::size_t size) {
    try {
      read_bytes(disk, file, to.subspan(begin, size), at.offset + begin);
      for (std::size_t i = begin / kPiece; i * kPiece < begin + size; ++i) {
        if (check_of(piece_at(to, i)) != checks[i]) damaged("the checksum is another one");
      }
    } catch (...) {
      failure.keep();
    }
  });
  failure.rethrow();
}

}  // namespace manta::objectstore
