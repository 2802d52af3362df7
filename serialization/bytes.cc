// The format of docs/wire.md. First what the parts look like and how they are written; then reading, where every
// function checks what it takes out; to_bytes() and ParsedBytes at the end put both together.
#include "bytes.h"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <memory>
#include <string>

#include "../base/crc32c.h"
#include "../base/error.h"
#include "../base/thread_own.h"

namespace manta {

Bytes::Bytes(std::span<const std::byte> copied) : size_(copied.size()) {
  auto storage = base::HeapStorage::copy_of(copied);
  data_ = storage->data();
  storage_ = std::move(storage);
}

namespace serialization {
namespace {

constexpr std::size_t kAlign = base::kStorageAlignment;
constexpr unsigned char kMagic[8] = {0x89, 'M', 'A', 'N', 'T', 'A', '\r', '\n'};
constexpr std::uint16_t kVersion = 1;
constexpr std::uint8_t kValue = 1;

// The first 64 bytes. All sections begin at multiples of 8, buffers at multiples of 64.
struct Header {
  unsigned char magic[8];
  std::uint16_t version;
  std::uint8_t kind;
  std::uint8_t flags;  // 0
  std::uint32_t crc;   // of the header, with 0 here, and of all sections, without the buffers
  std::uint64_t fingerprint;
  std::uint64_t total;  // the size of everything
  std::uint64_t meta_size;
  std::uint64_t refs_size;
  std::uint32_t schema_size;
  std::uint32_t buffer_count;
  std::uint64_t build;  // 0
};
static_assert(sizeof(Header) == 64);

struct BufferEntry {
  std::uint64_t offset;
  std::uint64_t size;
};

// Its bytes follow, padded to 8.
struct ReferenceEntry {
  std::uint32_t kind;
  std::uint32_t size;
};

constexpr std::uint64_t round_up(std::uint64_t n, std::uint64_t to) {
  return (n + to - 1) / to * to;
}

// SYNC: stored with release, loaded with acquire.
std::atomic<ReferenceFormat*> reference_format = nullptr;

ReferenceFormat& references() {
  // SYNC: acquire: the format was complete when it was set.
  ReferenceFormat* format = reference_format.load(std::memory_order_acquire);
  if (format == nullptr) {
    throw SerializationError(
        "an ObjectRef or ActorHandle can be serialized or loaded only with an open session: keep "
        "the result of manta::init() alive");
  }
  return *format;
}

void append(MetaBytes& out, const void* bytes, std::size_t size) {
  const auto* first = static_cast<const std::byte*>(bytes);
  out.insert(out.end(), first, first + size);
}

void pad(MetaBytes& out, std::size_t to) {
  out.insert(out.end(), static_cast<std::size_t>(round_up(out.size(), to)) - out.size(),
             std::byte{0});
}

MetaBytes write_references(const std::vector<Reference>& refs) {
  MetaBytes table;
  for (const Reference& reference : refs) {
    MetaBytes name;
    references().write(reference, name);
    const ReferenceEntry entry{static_cast<std::uint32_t>(reference.kind),
                               static_cast<std::uint32_t>(name.size())};
    append(table, &entry, sizeof entry);
    append(table, name.data(), name.size());
    pad(table, 8);
  }
  return table;
}

[[noreturn]] void corrupt(const char* why) { Reader::fail(why); }

// Takes sections out of the bytes, one after the other, never beyond their end.
class Sections {
 public:
  Sections(const std::byte* data, std::uint64_t size) : at_(data), left_(size) {}

  std::span<const std::byte> take(std::uint64_t size) {
    const std::uint64_t padded = size > left_ ? left_ + 1 : round_up(size, 8);
    if (padded > left_) {
      corrupt("a section is longer than the bytes");
    }
    const std::span<const std::byte> section(at_, static_cast<std::size_t>(size));
    if (std::any_of(at_ + size, at_ + padded, [](std::byte b) { return b != std::byte{0}; })) {
      corrupt("padding is not zero");
    }
    at_ += padded;
    left_ -= padded;
    return section;
  }
  const std::byte* at() const { return at_; }

 private:
  const std::byte* at_;
  std::uint64_t left_;
};

Header read_header(std::span<const std::byte> bytes) {
  Header header{};
  if (bytes.size() < sizeof header) {
    corrupt("they are shorter than a header");
  }
  std::memcpy(&header, bytes.data(), sizeof header);
  if (std::memcmp(header.magic, kMagic, sizeof kMagic) != 0) {
    throw SerializationError("these are no bytes made by manta::serialize()");
  }
  if (header.version != kVersion) {
    throw SerializationError("the bytes have format version " + std::to_string(header.version) +
                             "; this program reads version " + std::to_string(kVersion));
  }
  if (header.total != bytes.size()) {
    corrupt("their size is not what the header says");
  }
  return header;
}

// The header is checked only now, so that a wrong bit in it is a wrong checksum and not a strange message.
void check_crc(Header header, std::span<const std::byte> rest) {
  const std::uint32_t wanted = std::exchange(header.crc, 0);
  const std::uint32_t crc = base::crc32c(0, std::as_bytes(std::span(&header, 1)));
  if (base::crc32c(crc, rest) != wanted) {
    corrupt("the checksum is wrong");
  }
  if (header.kind != kValue || header.flags != 0 || header.build != 0) {
    corrupt("they are of an unknown kind");
  }
}

std::vector<Reference> read_references(std::span<const std::byte> table) {
  std::vector<Reference> refs;
  Sections sections(table.data(), table.size());
  const std::byte* end = table.data() + table.size();
  while (sections.at() != end) {
    ReferenceEntry entry{};
    std::memcpy(&entry, sections.take(sizeof entry).data(), sizeof entry);
    if (entry.kind > 1) {
      corrupt("a reference is of no known kind");
    }
    const auto kind = static_cast<RefKind>(entry.kind);
    refs.push_back(references().read(kind, sections.take(entry.size)));
  }
  return refs;
}

// Buffers follow the sections and each other without holes other than those of alignment.
std::vector<Buffer> read_buffers(std::span<const std::byte> bytes, std::span<const std::byte> table,
                                 std::uint64_t begin, const StorageRef& storage) {
  std::vector<Buffer> buffers(table.size() / sizeof(BufferEntry));
  std::uint64_t end = begin;
  for (std::size_t i = 0; i < buffers.size(); ++i) {
    BufferEntry entry{};
    std::memcpy(&entry, table.data() + i * sizeof entry, sizeof entry);
    if (entry.offset != round_up(end, kAlign) || entry.offset > bytes.size() ||
        entry.size > bytes.size() - entry.offset || entry.size == 0) {
      corrupt("a buffer lies outside the bytes");
    }
    const std::byte* data = bytes.data() + entry.offset;
    if (std::any_of(bytes.data() + end, data, [](std::byte b) { return b != std::byte{0}; })) {
      corrupt("padding is not zero");
    }
    buffers[i] = {data, static_cast<std::size_t>(entry.size), storage};
    end = entry.offset + entry.size;
  }
  if (end != bytes.size()) {
    corrupt("there are bytes after the last buffer");
  }
  return buffers;
}

}  // namespace

void set_reference_format(ReferenceFormat* format) {
  // SYNC: release, with the load in references(): the format is complete.
  reference_format.store(format, std::memory_order_release);
}

ScratchEncoded::ScratchEncoded() : encoded_(base::ThreadSpare<Encoded>::take()) {
  if (encoded_ == nullptr) {
    encoded_ = new Encoded;
  }
}

ScratchEncoded::~ScratchEncoded() {
  constexpr std::size_t kKeep = std::size_t{1} << 20;
  encoded_->clear();
  if (encoded_->meta.capacity() <= kKeep) {
    base::ThreadSpare<Encoded>::give(encoded_);
  } else {
    delete encoded_;
  }
}

Bytes to_bytes(const Encoded& encoded, std::string_view schema) {
  const MetaBytes refs = write_references(encoded.refs);
  Header header{};
  std::memcpy(header.magic, kMagic, sizeof kMagic);
  header.version = kVersion;
  header.kind = kValue;
  header.fingerprint = encoded.fingerprint;
  header.meta_size = encoded.meta.size();
  header.refs_size = refs.size();
  header.schema_size = static_cast<std::uint32_t>(schema.size());
  header.buffer_count = static_cast<std::uint32_t>(encoded.buffers.size());

  const std::uint64_t table_at =
      sizeof header + round_up(encoded.meta.size(), 8) + refs.size() + round_up(schema.size(), 8);
  const std::uint64_t begin = table_at + encoded.buffers.size() * sizeof(BufferEntry);
  std::vector<BufferEntry> table;
  std::uint64_t end = begin;
  for (const Buffer& buffer : encoded.buffers) {
    table.push_back({round_up(end, kAlign), buffer.size});
    end = table.back().offset + buffer.size;
  }
  header.total = end;

  auto storage = base::HeapStorage::create(static_cast<std::size_t>(end));
  std::byte* const out = storage->mutable_data();
  std::byte* at = out + sizeof header;
  const auto section = [&](const void* data, std::size_t size) {
    if (size != 0) {
      std::memcpy(at, data, size);
    }
    const auto padded = static_cast<std::size_t>(round_up(size, 8));
    std::memset(at + size, 0, padded - size);
    at += padded;
  };
  std::memcpy(out, &header, sizeof header);
  section(encoded.meta.data(), encoded.meta.size());
  section(refs.data(), refs.size());
  section(schema.data(), schema.size());
  section(table.data(), table.size() * sizeof(BufferEntry));
  header.crc = base::crc32c(0, {out, static_cast<std::size_t>(begin)});
  std::memcpy(out, &header, sizeof header);
  for (std::size_t i = 0; i < table.size(); ++i) {
    std::byte* const to = out + table[i].offset;
    std::memset(at, 0, static_cast<std::size_t>(to - at));
    std::memcpy(to, encoded.buffers[i].data, encoded.buffers[i].size);
    at = to + encoded.buffers[i].size;
  }
  return BytesAccess::make(out, static_cast<std::size_t>(end), std::move(storage));
}

ParsedBytes::ParsedBytes(const Bytes& input) : storage_(BytesAccess::storage(input)) {
  std::span<const std::byte> bytes = input.span();
  const Header header = read_header(bytes);
  if (storage_ == nullptr || reinterpret_cast<std::uintptr_t>(bytes.data()) % kAlign != 0) {
    storage_ = base::HeapStorage::copy_of(bytes);
    bytes = storage_->span().first(bytes.size());
  }
  fingerprint_ = header.fingerprint;
  Sections sections(bytes.data() + sizeof header, bytes.size() - sizeof header);
  meta_ = sections.take(header.meta_size);
  const auto refs = sections.take(header.refs_size);
  const auto schema = sections.take(header.schema_size);
  const auto table = sections.take(header.buffer_count * std::uint64_t{sizeof(BufferEntry)});
  const auto begin = static_cast<std::size_t>(sections.at() - bytes.data());
  check_crc(header, bytes.subspan(sizeof header, begin - sizeof header));

  schema_ = {reinterpret_cast<const char*>(schema.data()), schema.size()};
  buffers_ = read_buffers(bytes, table, begin, storage_);
  std::uint64_t inner = 0;
  if (meta_.size() < kMetaHeader ||
      (std::memcpy(&inner, meta_.data(), sizeof inner), inner != fingerprint_)) {
    corrupt("the value does not begin with its fingerprint");
  }
  refs_ = read_references(refs);
}

}  // namespace serialization
}  // namespace manta
