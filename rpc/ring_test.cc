#include "ring.h"

#include <cstring>
#include <memory>
#include <random>
#include <vector>

#include <gtest/gtest.h>

namespace manta::rpc {
namespace {

constexpr std::uint32_t kCapacity = 256 * 1024;

class RingTest : public testing::Test {
 protected:
  RingTest() : data_(kCapacity / 8), writer_(memory()), reader_(memory()) {}
  RingMemory memory() { return {&header_, reinterpret_cast<std::byte*>(data_.data()), kCapacity}; }

  bool push(std::uint32_t size, unsigned char fill) {
    std::byte* const room = writer_.reserve(size);
    if (room == nullptr) return false;
    std::memset(room, fill, size);
    writer_.commit();
    return true;
  }
  // Takes the oldest message and says whether it is `size` bytes of `fill`.
  testing::AssertionResult pop_is(std::uint32_t size, unsigned char fill) {
    const auto front = reader_.front();
    if (front.size() != size) return testing::AssertionFailure() << front.size() << " bytes";
    for (const std::byte byte : front) {
      if (byte != std::byte{fill}) return testing::AssertionFailure() << "wrong content";
    }
    reader_.pop();
    return testing::AssertionSuccess();
  }

  RingHeader header_{};
  std::vector<std::uint64_t> data_;
  RingWriter writer_;
  RingReader reader_;
};

TEST_F(RingTest, ZeroedMemoryIsAnEmptyRing) {
  EXPECT_TRUE(reader_.empty());
  EXPECT_TRUE(reader_.front().empty());
  EXPECT_FALSE(reader_.broken());
}

TEST_F(RingTest, MessagesComeOutInOrderAndAligned) {
  for (std::uint32_t size = 1; size < 40; ++size) {
    ASSERT_TRUE(push(size, static_cast<unsigned char>(size)));
  }
  EXPECT_FALSE(reader_.empty());
  for (std::uint32_t size = 1; size < 40; ++size) {
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(reader_.front().data()) % 8, 0u);
    ASSERT_TRUE(pop_is(size, static_cast<unsigned char>(size)));
  }
  EXPECT_TRUE(reader_.empty());
}

TEST_F(RingTest, TheBytesAreThoseOfTheWirePage) {
  std::byte* const room = writer_.reserve(5);
  std::memset(room, 0, 8);
  std::memcpy(room, "hello", 5);
  writer_.commit();
  const unsigned char expected[] = {0x05, 0, 0, 0, 0x31, 0x4d, 0x52, 0x46, 'h', 'e', 'l', 'l',
                                    'o',  0, 0, 0, 0,    0,    0,    0,    0,   0,   0,   0};
  EXPECT_EQ(std::memcmp(data_.data(), expected, sizeof expected), 0);
  EXPECT_EQ(header_.tail.load(), 16u);
  reader_.front();
  reader_.pop();
  EXPECT_EQ(header_.head.load(), 16u);
}

TEST_F(RingTest, AReservationIsInvisibleUntilCommit) {
  ASSERT_NE(writer_.reserve(10), nullptr);
  EXPECT_TRUE(reader_.front().empty());
  EXPECT_TRUE(reader_.empty());
  ASSERT_TRUE(push(20, 2));  // forgets the first
  EXPECT_TRUE(pop_is(20, 2));
  EXPECT_TRUE(reader_.front().empty());
}

TEST_F(RingTest, SizesOutOfRangeAreRefused) {
  EXPECT_EQ(writer_.reserve(0), nullptr);
  EXPECT_EQ(writer_.reserve(kMaxMessage + 1), nullptr);
  EXPECT_TRUE(push(kMaxMessage, 1));
  EXPECT_TRUE(pop_is(kMaxMessage, 1));
}

TEST_F(RingTest, AFullRingRefusesUntilTheReaderHasRead) {
  int pushed = 0;
  while (push(1000, 3)) ++pushed;
  EXPECT_EQ(pushed, static_cast<int>((kCapacity - 8) / 1008));
  EXPECT_FALSE(writer_.has_room(1000));
  ASSERT_TRUE(pop_is(1000, 3));
  ASSERT_TRUE(pop_is(1000, 3));  // a frame does not wrap, so one may not be enough
  EXPECT_TRUE(push(1000, 4));
  for (pushed -= 2; pushed > 0; --pushed) ASSERT_TRUE(pop_is(1000, 3));
  EXPECT_TRUE(pop_is(1000, 4));
}

TEST_F(RingTest, AnySizesInAnyRhythmSurviveManyLaps) {
  std::mt19937 random(20251124);
  std::uint32_t in = 0;
  std::uint32_t out = 0;
  const auto size_of = [](std::uint32_t i) {
    return 1 + i * 2654435761u % (i % 97 == 0 ? 80000 : 700);
  };
  while (out < 20000) {
    for (auto burst = random() % 300; burst > 0; --burst) {
      if (!push(size_of(in), static_cast<unsigned char>(in))) break;
      ++in;
    }
    for (auto burst = random() % 300; burst > 0 && out < in; --burst, ++out) {
      ASSERT_TRUE(pop_is(size_of(out), static_cast<unsigned char>(out)));
    }
  }
}

TEST_F(RingTest, AQuietRingStaysInItsFirstPages) {
  const std::byte* highest = nullptr;
  for (int i = 0; i < 20000; ++i) {
    ASSERT_TRUE(push(100, 1));
    highest = std::max(highest, reader_.front().data());
    ASSERT_TRUE(pop_is(100, 1));
  }
  EXPECT_LT(highest, memory().data + 80 * 1024);
}

TEST_F(RingTest, NewEndsGoOnWhereTheOldOnesStopped) {
  ASSERT_TRUE(push(50, 1));
  ASSERT_TRUE(push(60, 2));
  ASSERT_TRUE(pop_is(50, 1));
  writer_ = RingWriter(memory());
  reader_ = RingReader(memory());
  ASSERT_TRUE(push(70, 3));
  EXPECT_TRUE(pop_is(60, 2));
  EXPECT_TRUE(pop_is(70, 3));
}

// The writer prepares a message and dies, once in every place, also where a pad comes first.
TEST_F(RingTest, WhatWasPreparedIsRecovered) {
  for (int lap = 0; lap < 2000; ++lap) {
    const auto fill = static_cast<unsigned char>(lap);
    ASSERT_TRUE(push(700, fill));
    std::memset(writer_.reserve(500), fill, 500);
    writer_.prepare();
    ASSERT_TRUE(pop_is(700, fill));
    ASSERT_TRUE(reader_.front().empty());
    reader_.recover();
    ASSERT_TRUE(pop_is(500, fill));
    ASSERT_FALSE(reader_.broken());
    writer_.commit();  // so that the test can continue
  }
}

TEST_F(RingTest, WhatWasCommittedIsNotRecoveredOnceMore) {
  reader_.recover();
  EXPECT_TRUE(reader_.front().empty());
  std::memset(writer_.reserve(8), 1, 8);
  writer_.prepare();
  writer_.commit();
  reader_.recover();
  ASSERT_TRUE(pop_is(8, 1));
  reader_.recover();
  EXPECT_TRUE(reader_.front().empty());
  ASSERT_TRUE(push(8, 2));
  reader_.recover();
  ASSERT_TRUE(pop_is(8, 2));
}

TEST_F(RingTest, NonsenseBreaksTheReaderNotTheProcess) {
  for (const std::uint64_t word :
       {0x46524d31'ffffffffull, 0x46524d31'00000000ull, 1ull, 0x50414431'00000010ull}) {
    RingReader reader(memory());
    data_[0] = word;
    EXPECT_TRUE(reader.front().empty());
    EXPECT_TRUE(reader.broken());
  }
  header_.head.store(1ull << 40);
  header_.tail.store(0);
  RingWriter writer(memory());
  EXPECT_EQ(writer.reserve(100), nullptr);
}

}  // namespace
}  // namespace manta::rpc
