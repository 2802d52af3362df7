// The stream of a value with its true header and buffers, but anything between: reaches deep into
// the codecs at once.
#include <cstring>

#include "../../base/error.h"
#include "fuzz_types.h"
#include "stream_mutator.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size,
                                               std::size_t max, unsigned seed);

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size,
                                               std::size_t max, unsigned seed) {
  manta::serialization::StreamMutator mutator(seed);
  if (size < 3 || mutator.below(2) == 0) {
    return LLVMFuzzerMutate(data, size, max);
  }
  std::vector<std::uint8_t> stream(data, data + size);
  mutator.mutate(stream, 2);
  const std::size_t changed = stream.size() < max ? stream.size() : max;
  std::memcpy(data, stream.data(), changed);
  return changed;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace manta;
  using namespace manta::serialization;
  static const auto storage = base::HeapStorage::copy_of(std::vector<std::byte>(10240));
  static const std::vector<Buffer> buffers = {{storage->data(), 4800, storage},
                                              {storage->data() + 4864, 5000, storage},
                                              {storage->data() + 9920, 100, storage}};
  MetaBytes meta(kMetaHeader + size);
  const std::uint64_t print = fingerprint<Everything>();
  std::memcpy(meta.data(), &print, sizeof print);
  // The first two bytes choose the number of tracked objects and whether a table of owners follows.
  const std::uint32_t words[2] = {size > 0 ? data[0] : 0u, size > 1 ? data[1] & 1u : 0u};
  std::memcpy(meta.data() + 8, words, sizeof words);
  const std::size_t skipped = size < 2 ? size : 2;
  std::memcpy(meta.data() + kMetaHeader, data + skipped, size - skipped);
  meta.resize(kMetaHeader + size - skipped);
  try {
    auto value = decode<Everything>(EncodedView(meta, buffers, {}));
    try {
      Encoded again;
      encode(value, again);  // may be refused, too: one object with two owners, say
    } catch (const SerializationError&) {
    }
    use_up(std::move(value));
  } catch (const SerializationError&) {
  }
  return 0;
}
