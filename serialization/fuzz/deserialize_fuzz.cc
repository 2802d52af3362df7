// Bytes from outside: whatever they are, deserialize() gives a value or a SerializationError. Size,
// fingerprint and checksum are made right first, so that what comes after them is reached, too.
#include <cstring>

#include "../../base/crc32c.h"
#include "../../base/error.h"
#include "../foreign/pickle.h"
#include "fuzz_types.h"
#include "stream_mutator.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size,
                                               std::size_t max, unsigned seed);

namespace {

using Input = std::vector<std::uint8_t>;
constexpr std::size_t kHeader = 64;
constexpr std::size_t kStreamHeader = 16;

std::uint64_t word_at(const Input& input, std::size_t at) {
  std::uint64_t word;
  std::memcpy(&word, input.data() + at, sizeof word);
  return word;
}

void pad(Input& input, std::size_t multiple) {
  input.resize((input.size() + multiple - 1) / multiple * multiple);
}

// The input with another stream: its size, and the places of the buffers, are made right. Empty if the
// input is not what its header says.
Input with_stream(const Input& input, std::size_t old_size, const Input& stream) {
  Input made(input.begin(), input.begin() + kHeader);
  const std::uint64_t size = stream.size();
  std::memcpy(made.data() + 32, &size, sizeof size);
  made.insert(made.end(), stream.begin(), stream.end());
  pad(made, 8);
  std::uint32_t counts[2];
  std::memcpy(counts, input.data() + 48, sizeof counts);
  const std::uint64_t rest = kHeader + (old_size + 7) / 8 * 8;
  const std::uint64_t between = word_at(input, 40) + (counts[0] + 7) / 8 * 8;
  const std::uint64_t end = rest + between + std::uint64_t{16} * counts[1];
  if (word_at(input, 40) > input.size() || end > input.size()) return {};
  const auto at = [&](std::uint64_t n) { return input.begin() + static_cast<std::ptrdiff_t>(n); };
  std::size_t entry = made.size() + static_cast<std::size_t>(between);
  made.insert(made.end(), at(rest), at(end));
  for (std::uint64_t old = rest + between; old < end; old += 16, entry += 16) {
    const std::uint64_t from = word_at(input, old);
    const std::uint64_t bytes = word_at(input, old + 8);
    if (from > input.size() || bytes > input.size() - from) return {};
    pad(made, 64);
    const std::uint64_t to = made.size();
    made.insert(made.end(), at(from), at(from + bytes));
    std::memcpy(made.data() + entry, &to, sizeof to);
  }
  return made;
}

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

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size,
                                               std::size_t max, unsigned seed) {
  manta::serialization::StreamMutator mutator(seed);
  const Input input(data, data + size);
  if (size >= kHeader + kStreamHeader && mutator.below(2) != 0) {
    const std::uint64_t old_size = word_at(input, 32);
    if (old_size >= kStreamHeader && old_size <= size - kHeader) {
      Input stream(input.begin() + kHeader,
                   input.begin() + static_cast<std::ptrdiff_t>(kHeader + old_size));
      if (mutator.below(4) == 0) {
        mutator.mutate_freely(stream, stream.size() + 64);
      } else {
        mutator.mutate(stream, kStreamHeader);
      }
      const Input made = with_stream(input, static_cast<std::size_t>(old_size), stream);
      if (!made.empty() && made.size() <= max) {
        std::memcpy(data, made.data(), made.size());
        return made.size();
      }
    }
  }
  return LLVMFuzzerMutate(data, size, max);
}

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
    to_pickle_serialized(bytes, PickleBuffers::in_band);
  } catch (const SerializationError&) {
  }
  return 0;
}
