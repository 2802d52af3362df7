#include "reply_holds.h"

#include <gtest/gtest.h>

namespace manta::detail::node {
namespace {

constexpr std::uint32_t kLane = 7, kOther = 8;
const ReplyHold kObject = ReleaseObject{.object = ObjectId(1, 2), .count = 1};
const ReplyHold kActor = ReleaseActor{.actor = ActorId(3, 4), .count = 1};
const ReplyHold kBlock = ReleaseBlock{.block = 4096, .count = 1};

TEST(ReplyHolds, WhatAReplyGaveIsTakenBackOnce) {
  ReplyHolds holds;
  holds.add(kLane, 5, kObject);
  holds.add(kLane, 5, kActor);
  holds.add(kLane, 5, kObject);  // twice in the value: counted twice
  EXPECT_EQ(holds.last_reply(kLane), 5U);
  EXPECT_EQ(holds.take_back(kLane), (std::vector{kObject, kActor, kObject}));
  EXPECT_TRUE(holds.take_back(kLane).empty());
  EXPECT_EQ(holds.last_reply(kLane), 0U);
}

TEST(ReplyHolds, ALaterReplyMeansThatTheEarlierOneIsOut) {
  ReplyHolds holds;
  for (std::uint64_t sequence = 1; sequence <= 1000; ++sequence) {
    holds.add(kLane, sequence, kBlock);
    EXPECT_EQ(holds.size(), 1U);
  }
  EXPECT_EQ(holds.last_reply(kLane), 1000U);
  EXPECT_EQ(holds.take_back(kLane), std::vector{kBlock});
}

TEST(ReplyHolds, LanesAreApart) {
  ReplyHolds holds;
  holds.add(kLane, 1, kObject);
  holds.add(kOther, 1, kActor);
  holds.forget(kLane);
  EXPECT_EQ(holds.last_reply(kLane), 0U);
  EXPECT_EQ(holds.take_back(kOther), std::vector{kActor});
  EXPECT_EQ(holds.size(), 0U);
}

}  // namespace
}  // namespace manta::detail::node
