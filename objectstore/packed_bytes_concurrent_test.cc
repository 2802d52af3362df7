// Threads that pack and drop at once find their own bytes, and leave nothing.
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "arena_fixture.h"
#include "packed_bytes.h"

namespace manta::objectstore {
namespace {

TEST(PackedBytesConcurrent, ThreadsPutAndDropAtOnce) {
  ArenaFixture fixture(8 * kMiB);
  const auto store = fixture.store(1);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&store, t] {
      std::vector<PackedBytes::Place> kept(16);
      for (std::size_t i = 0; i < 5000; ++i) {
        PackedBytes::Place& place = kept[i % kept.size()];
        const std::string text(40 + i % 900, static_cast<char>('a' + t));
        place = *store->put_packed(std::as_bytes(std::span(text)), Store::IfFull::kRefuse);
        ASSERT_EQ(std::string(reinterpret_cast<const char*>(place.data), text.size()), text);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(store->stats().objects, 0u);
  store->close();
}

}  // namespace
}  // namespace manta::objectstore
