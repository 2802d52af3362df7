#include "recycled.h"

#include <cstring>
#include <set>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "sanitizers.h"

namespace manta::base {
namespace {

std::vector<void*> take(std::size_t count, std::size_t size) {
  std::vector<void*> places;
  for (std::size_t i = 0; i < count; ++i) {
    places.push_back(take_recycled(size));
    std::memset(places.back(), 0xa5, size);
  }
  return places;
}

void give(const std::vector<void*>& places, std::size_t size) {
  for (void* const place : places) give_recycled(place, size);
}

TEST(Recycled, BlocksOfEverySizeAreApart) {
  std::vector<std::vector<void*>> all;
  for (std::size_t size = 1; size <= kLargestRecycled + 40; ++size) all.push_back(take(3, size));
  for (std::size_t i = 0; i < all.size(); ++i) {
    for (void* const place : all[i]) std::memset(place, static_cast<int>(i % 251), i + 1);
  }
  for (std::size_t i = 0; i < all.size(); ++i) {
    const std::vector<unsigned char> expected(i + 1, static_cast<unsigned char>(i % 251));
    for (void* const place : all[i]) EXPECT_EQ(std::memcmp(place, expected.data(), i + 1), 0);
    give(all[i], i + 1);
  }
}

#if !defined(MANTA_SANITIZED)  // with a sanitizer nothing is kept
// How many of `places` a thread takes again before it gets others.
std::size_t taken_again(const std::vector<void*>& places, std::size_t size) {
  const std::set<void*> before(places.begin(), places.end());
  const auto next = take(places.size(), size);
  std::size_t count = 0;
  while (count < next.size() && before.contains(next[count])) ++count;
  give(next, size);
  return count;
}

TEST(Recycled, AThreadTakesWhatItGaveLastFirst) {
  void* const first = take_recycled(152);
  give_recycled(first, 152);
  void* const other = take_recycled(88);
  EXPECT_NE(other, first);
  void* const again = take_recycled(150);  // a block of the same size
  EXPECT_EQ(again, first);
  give_recycled(other, 88);
  give_recycled(again, 150);
}

TEST(Recycled, WhatAnotherThreadGivesBackIsThatThreadsNext) {
  const auto places = take(100, 152);
  std::size_t again = 0;
  std::thread([&] {
    give(places, 152);
    again = taken_again(places, 152);
  }).join();
  EXPECT_EQ(again, places.size());
}
#endif

// Of more than that malloc gets the rest back: a thread that takes none again would keep it for ever.
TEST(Recycled, AThreadKeepsNoMoreThanItMay) {
  constexpr std::size_t kSize = 328;
  std::thread([] {
    give(take(2 * kMostKept / kSize, kSize), kSize);
    std::size_t kept = 0;
    std::vector<void*> next;
    for (; kept_bytes() >= kSize; ++kept) next.push_back(take_recycled(kSize));
    EXPECT_LE(kept * kSize, kMostKept);
    give(next, kSize);
    EXPECT_LE(kept_bytes(), kMostKept);
  }).join();
}

// Destroyed after the thread's own objects, as a static object would be.
struct Late {
  ~Late() {
    if (place != nullptr) give_recycled(place, 88);
    give_recycled(take_recycled(88), 88);
  }
  void* place = nullptr;
};

TEST(Recycled, WorksWhenTheThreadsOwnObjectsAreGone) {
  std::thread([] {
    thread_local Late late;  // made before the thread's list, so that it goes after it
    late.place = take_recycled(88);
  }).join();
}

}  // namespace
}  // namespace manta::base
