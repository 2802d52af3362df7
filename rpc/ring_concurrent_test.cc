// Both ends as threads on one mapping, for ThreadSanitizer.
#include <array>
#include <cstring>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "mpsc_queue.h"
#include "ring.h"

namespace manta::rpc {
namespace {

TEST(RingConcurrent, WhatIsWrittenIsRead) {
  constexpr std::uint32_t kMessages = 30000;
  RingHeader header{};
  std::vector<std::uint64_t> data(256 * 1024 / 8);
  const RingMemory memory{&header, reinterpret_cast<std::byte*>(data.data()), 256 * 1024};
  const auto words = [](std::uint32_t i) {
    return 1 + i * 2654435761u % (i % 1000 == 0 ? 9000 : 60);
  };

  std::thread writer([&] {
    RingWriter out(memory);
    for (std::uint32_t i = 0; i < kMessages; ++i) {
      std::byte* room = nullptr;
      while ((room = out.reserve(4 * words(i))) == nullptr) std::this_thread::yield();
      for (std::uint32_t k = 0; k < words(i); ++k) {
        const std::uint32_t value = i ^ k;
        std::memcpy(room + 4 * k, &value, 4);
      }
      out.commit();
    }
  });
  std::atomic<bool> done{false};
  std::thread onlooker([&] {  // empty() is for any thread
    const RingReader reader(memory);
    while (!done.load()) (void)reader.empty();
  });

  RingReader in(memory);
  std::uint32_t wrong = 0;
  for (std::uint32_t i = 0; i < kMessages; ++i) {
    std::span<const std::byte> front;
    while ((front = in.front()).empty() && !in.broken()) std::this_thread::yield();
    wrong += front.size() != 4 * words(i);
    for (std::uint32_t k = 0; k < front.size() / 4; ++k) {
      std::uint32_t value = 0;
      std::memcpy(&value, front.data() + 4 * k, 4);
      wrong += value != (i ^ k);
    }
    in.pop();
  }
  done.store(true);
  writer.join();
  onlooker.join();
  EXPECT_EQ(wrong, 0u);
  EXPECT_TRUE(in.empty());
}

struct Item : MpscLink {
  int producer = 0;
  int number = 0;
};

TEST(MpscQueue, GivesTheItemsInOrder) {
  MpscQueue<Item> queue;
  std::array<Item, 5> items;
  EXPECT_TRUE(queue.empty());
  EXPECT_TRUE(queue.pop_all().empty());
  for (int i = 0; i < 5; ++i) {
    items[static_cast<std::size_t>(i)].number = i;
    EXPECT_EQ(queue.push(&items[static_cast<std::size_t>(i)]), i == 0);
  }
  auto list = queue.pop_all();
  EXPECT_TRUE(queue.empty());
  for (int i = 0; i < 5; ++i) {
    Item* const item = list.pop_front();
    ASSERT_EQ(item->number, i);
    queue.push(item);  // at once, while the rest of the list is still there
  }
  EXPECT_TRUE(list.empty());
  EXPECT_FALSE(queue.empty());
}

TEST(MpscQueue, LosesNothingAndKeepsEachProducersOrder) {
  constexpr int kProducers = 3;
  constexpr int kItems = 5000;
  MpscQueue<Item> queue;
  std::vector<std::vector<Item>> items(kProducers, std::vector<Item>(kItems));
  std::vector<std::thread> producers;
  for (int p = 0; p < kProducers; ++p) {
    producers.emplace_back([&queue, &mine = items[static_cast<std::size_t>(p)], p] {
      for (int i = 0; i < kItems; ++i) {
        Item& item = mine[static_cast<std::size_t>(i)];
        item.producer = p;
        item.number = i;
        queue.push(&item);
      }
    });
  }
  std::array<int, kProducers> next{};
  for (int taken = 0; taken < kProducers * kItems;) {
    auto list = queue.pop_all();
    if (list.empty()) std::this_thread::yield();
    while (Item* const item = list.pop_front()) {
      EXPECT_EQ(item->number, next[static_cast<std::size_t>(item->producer)]++);
      ++taken;
    }
  }
  for (auto& producer : producers) producer.join();
  EXPECT_TRUE(queue.empty());
}

}  // namespace
}  // namespace manta::rpc
