// Bytes from outside: whatever they are, deserialize() gives a value or a SerializationError. Size,
// fingerprint and checksum are made right first, so that what comes after them is reached, too.
#include <cstring>

#include <manta/base/crc32c.h>
#include <manta/base/error.h>
#include <manta/serialization/fuzz/fuzz_types.h>
#include <manta/serialization/pickle.h>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

// As bytes.cc computes them, from the lengths that the header names.
void make_right(std::byte* bytes, std::size_t size) {
  if (size < 64) {
    return;
  }
  std::uint64_t sizes[2];
  std::uint32_t counts[2];
  std::memcpy(sizes, bytes + 32, sizeof sizes);
  std::memcpy(counts, bytes + 48, sizeof counts);
  const auto padded = [](std::uint64_t n) { return (n + 7) / 8 * 8; };
  if (sizes[0] > size || sizes[1] > size) {
    return;
  }
  const std::uint64_t total = size;
  std::memcpy(bytes + 24, &total, sizeof total);
  const std::uint64_t fingerprint =
      manta::serialization::fingerprint<manta::serialization::Everything>();
  std::memcpy(bytes + 16, &fingerprint, sizeof fingerprint);
  if (size >= 72) {
    std::memcpy(bytes + 64, &fingerprint, sizeof fingerprint);
  }
  const std::uint64_t end =
      64 + padded(sizes[0]) + padded(sizes[1]) + padded(counts[0]) + std::uint64_t{16} * counts[1];
  if (end > size) {
    return;
  }
  std::memset(bytes + 12, 0, 4);
  const std::uint32_t crc = manta::base::crc32c(0, {bytes, static_cast<std::size_t>(end)});
  std::memcpy(bytes + 12, &crc, sizeof crc);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace manta;
  const auto storage = base::HeapStorage::copy_of(std::as_bytes(std::span(data, size)));
  make_right(storage->mutable_data(), size);
  const Bytes bytes = serialization::BytesAccess::make(storage->data(), size, storage);
  try {
    serialization::use_up(deserialize<serialization::Everything>(bytes));
  } catch (const SerializationError&) {  // the answer to most inputs
  }
  try {
    to_pickle_serialized(bytes);  // by the type's text in the bytes, whatever that is
  } catch (const SerializationError&) {
  }
  return 0;
}
