// Short strings of bytes lie together in blocks of the store, which are free when the last of them is gone.
#include "packed_bytes.h"

#include <string>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

#include <gtest/gtest.h>

#include "arena_fixture.h"

namespace manta::objectstore {
namespace {

using Place = PackedBytes::Place;

class PackedBytesTest : public testing::Test {
 protected:
  ~PackedBytesTest() override { store_->close(); }

  base::Result<Place, StoreError> put(const std::string& text) {
    return store_->put_packed(std::as_bytes(std::span(text)), Store::IfFull::kRefuse);
  }
  static std::string text_of(const Place& place, std::size_t size) {
    return {reinterpret_cast<const char*>(place.data), size};
  }
  std::size_t blocks() const { return store_->stats().objects; }

  ArenaFixture fixture_{8 * kMiB};
  base::Ref<Store> store_ = fixture_.store(1);
};

TEST_F(PackedBytesTest, ShortStringsShareABlock) {
  std::vector<Place> places;
  for (int i = 0; i < 40; ++i) places.push_back(*put(std::string(100, static_cast<char>(i))));
  EXPECT_EQ(blocks(), 2u) << "39 of 104 bytes go into 4 KiB";
  for (int i = 0; i < 40; ++i) {
    const Place& place = places[static_cast<std::size_t>(i)];
    EXPECT_EQ(text_of(place, 100), std::string(100, static_cast<char>(i)));
    EXPECT_TRUE(store_->arena().contains(place.data)) << "read-only";
  }
}

TEST_F(PackedBytesTest, ALongStringHasABlockOfItsOwn) {
  const auto before = *put("short");
  const std::string text(1025, 'x');
  const auto alone = *put(text);
  EXPECT_EQ(text_of(alone, text.size()), text);
  EXPECT_EQ(store_->stats().used, 4096u + 1280);
  EXPECT_EQ(put("another")->storage, before.storage);
}

TEST_F(PackedBytesTest, ABlockIsFreeWhenTheLastOfItsStringsIsGone) {
  auto first = *put("first");
  auto second = *put("second");
  first = {};
  EXPECT_EQ(blocks(), 1u);
  EXPECT_EQ(text_of(second, 6), "second");
  second = {};
  EXPECT_EQ(blocks(), 0u) << "what has room is not kept by that";
  EXPECT_EQ(text_of(*put("third"), 5), "third");
}

TEST_F(PackedBytesTest, AFullStoreRefuses) {
  std::vector<Place> places;
  const std::string text(1000, 'x');
  for (;;) {
    const auto place = put(text);
    if (!place.ok()) break;
    places.push_back(*place);
  }
  EXPECT_GE(places.size() * text.size(), 7 * kMiB);
  EXPECT_EQ(put(text).error(), StoreError::kFull);
  places.clear();
  EXPECT_TRUE(put(text).ok());
}

// As a fork of user code: what the child drops stays its parent's.
TEST_F(PackedBytesTest, AForkedChildDropsWhatItsParentKeeps) {
  set_current(store_);  // forks are looked after from the first session on
  auto place = *put("text");
  const pid_t child = ::fork();
  if (child == 0) {
    place = {};
    ::_exit(0);
  }
  EXPECT_EQ(ended(child), 0);
  EXPECT_EQ(blocks(), 1u);
  EXPECT_EQ(text_of(place, 4), "text");
  place = {};
  EXPECT_EQ(blocks(), 0u);
  set_current(nullptr);
}

}  // namespace
}  // namespace manta::objectstore
