// A reader of a ring whose writer wrote anything: every message lies inside the ring, and the reader ends.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "../ring.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace manta::rpc;
  constexpr std::uint32_t kCapacity = 256 * 1024;
  static RingHeader header;
  static std::vector<std::uint64_t> memory(kCapacity / 8);
  // The first 24 bytes are what the writer says of itself; the rest lies at the beginning of the ring and at its end.
  std::uint64_t said[3] = {};
  if (size != 0) std::memcpy(said, data, std::min(size, sizeof said));
  const std::size_t rest = std::min<std::size_t>(size - std::min(size, sizeof said), kCapacity / 2);
  auto* const ring = reinterpret_cast<std::byte*>(memory.data());
  std::memset(ring, 0, kCapacity);
  if (rest != 0) {
    std::memcpy(ring, data + sizeof said, rest);
    std::memcpy(ring + kCapacity - rest, data + sizeof said, rest);
  }
  header.tail.store(said[0]);
  header.head.store(said[1] % kCapacity & ~std::uint64_t{7});
  header.prepared_at.store(said[1] % kCapacity & ~std::uint64_t{7});
  header.prepared_word.store(said[2]);
  RingReader reader({&header, ring, kCapacity});
  reader.recover();
  std::uint64_t sum = 0;
  // Each step reads 8 bytes at least: a lap of a ring that is full of messages ends.
  for (std::uint32_t step = 0; step < kCapacity / 4; ++step) {
    const auto message = reader.front();
    if (message.empty()) break;
    if (message.data() < ring || message.data() + message.size() > ring + kCapacity) std::abort();
    sum += static_cast<std::uint64_t>(message.front()) + static_cast<std::uint64_t>(message.back());
    reader.pop();
  }
  return sum == UINT64_MAX ? 1 : 0;
}
