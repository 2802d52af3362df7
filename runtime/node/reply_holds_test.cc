#include "reply_holds.h"

#include <gtest/gtest.h>

namespace manta::detail::node {
namespace {

constexpr std::uint32_t kLane = 7, kOther = 8;
const ReplyHold kObject = ReleaseObject{.object = ObjectId(1, 2), .count = 1};
const ReplyHold kActor = ReleaseActor{.actor = ActorId(3, 4), .count = 1};
const ReplyHold kBlock = ReleaseBlock{.block = 4096, .count = 1};

ReplyName reply(std::uint32_t lane, std::uint64_t sequence, std::uint64_t item = 0) {
  return {.sequence = sequence, .item = item, .lane = lane};
}

TEST(ReplyHolds, WhatAReplyGaveIsTakenBackOnce) {
  ReplyHolds holds;
  holds.add(reply(kLane, 5), kObject);
  holds.add(reply(kLane, 5), kActor);
  holds.add(reply(kLane, 5), kObject);  // twice in the value: counted twice
  EXPECT_EQ(holds.last_reply(kLane), reply(kLane, 5));
  EXPECT_EQ(holds.take_back(kLane), (std::vector{kObject, kActor, kObject}));
  EXPECT_TRUE(holds.take_back(kLane).empty());
  EXPECT_FALSE(holds.last_reply(kLane));
}

TEST(ReplyHolds, ALaterReplyMeansThatTheEarlierOneIsOut) {
  ReplyHolds holds;
  for (std::uint64_t sequence = 1; sequence <= 1000; ++sequence) {
    holds.add(reply(kLane, sequence), kBlock);
    EXPECT_EQ(holds.size(), 1U);
  }
  EXPECT_EQ(holds.last_reply(kLane), reply(kLane, 1000));
  EXPECT_EQ(holds.take_back(kLane), std::vector{kBlock});
}

TEST(ReplyHolds, EachItemOfAGeneratorIsAReplyOfItsOwn) {
  ReplyHolds holds;
  holds.add(reply(kLane, 5, 1), kObject);
  holds.add(reply(kLane, 5, 2), kActor);
  EXPECT_EQ(holds.last_reply(kLane), reply(kLane, 5, 2));
  holds.add(reply(kLane, 6, 2), kBlock);  // of the next call
  EXPECT_EQ(holds.take_back(kLane), std::vector{kBlock});
}

TEST(ReplyHolds, LanesAreApart) {
  ReplyHolds holds;
  holds.add(reply(kLane, 1), kObject);
  holds.add(reply(kOther, 1), kActor);
  holds.forget(kLane);
  EXPECT_FALSE(holds.last_reply(kLane));
  EXPECT_EQ(holds.take_back(kOther), std::vector{kActor});
  EXPECT_EQ(holds.size(), 0U);
}

}  // namespace
}  // namespace manta::detail::node
