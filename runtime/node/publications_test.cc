#include "publications.h"

#include <string>
#include <utility>

#include <gtest/gtest.h>

namespace manta::detail::node {
namespace {

const ObjectId kObject(0, 1);
constexpr ProcessSlot kMaker = 1, kBorrower = 2, kOther = 3;

SharedBytes value(const std::string& text) {
  const auto* data = reinterpret_cast<const std::byte*>(text.data());
  return std::make_shared<std::vector<std::byte>>(data, data + text.size());
}

// What the node has to do, as words: "hold x, send 2 x, freed 1, release x".
std::string done(Publications& table) {
  std::string text;
  for (const PublicationStep& step : std::exchange(table.steps(), {})) {
    if (!text.empty()) text += ", ";
    const std::string bytes =
        step.value
            ? std::string(reinterpret_cast<const char*>(step.value->data()), step.value->size())
            : "";
    switch (step.kind) {
      case PublicationStep::Kind::kSendValue:
        text += "send " + std::to_string(step.process) + " " + bytes;
        break;
      case PublicationStep::Kind::kSendFreed:
        text += "freed " + std::to_string(step.process);
        break;
      case PublicationStep::Kind::kHoldContents:
        text += "hold " + bytes;
        break;
      case PublicationStep::Kind::kReleaseContents:
        text += "release " + bytes;
        break;
    }
  }
  return text;
}

void sweep(Publications& table) {
  for (const ObjectId id : table.take_unsettled()) table.settle(id, value("lost"));
}

TEST(Publications, AValueLivesAsLongAsItIsHeld) {
  Publications table;
  table.publish(kObject, kMaker, value("x"));
  EXPECT_EQ(done(table), "hold x");
  table.add_holds(kObject, kBorrower, 1);
  table.add_holds(kObject, kMaker, -1);
  sweep(table);
  table.subscribe(kObject, kBorrower);
  EXPECT_EQ(done(table), "send 2 x");
  table.add_holds(kObject, kBorrower, -1);
  EXPECT_EQ(done(table), "");  // not before a sweep
  sweep(table);
  EXPECT_EQ(done(table), "release x");
  EXPECT_EQ(table.size(), 0U);
}

TEST(Publications, TheBytesOfAllValuesAreCounted) {
  Publications table;
  table.publish(kObject, kMaker, value("1234"));
  table.publish(ObjectId(0, 2), kMaker, nullptr);
  EXPECT_EQ(table.bytes(), 4U);
  table.fulfil(ObjectId(0, 2), value("56"));
  EXPECT_EQ(table.bytes(), 6U);
  table.free(kObject, value("e"));
  EXPECT_EQ(table.bytes(), 3U);
  table.add_holds(kObject, kMaker, -1);
  sweep(table);
  EXPECT_EQ(table.bytes(), 2U);
  table.strike(kMaker);
  sweep(table);
  EXPECT_EQ(table.bytes(), 0U);
}

TEST(Publications, SubscribersOfAPendingOneAreToldOnce) {
  Publications table;
  table.publish(kObject, kMaker, nullptr);
  table.subscribe(kObject, kBorrower);
  table.subscribe(kObject, kOther);
  EXPECT_EQ(done(table), "");
  table.fulfil(kObject, value("x"));
  EXPECT_EQ(done(table), "hold x, send 2 x, send 3 x");
  table.fulfil(kObject, value("y"));  // a value never changes
  EXPECT_EQ(done(table), "");
}

TEST(Publications, OrderOfRingsDoesNotMatter) {
  struct Case {
    const char* what;
    int hold_at, release_at, subscribe_at;  // positions around the publish, which is at 2
  };
  const Case cases[] = {{"all after", 3, 4, 5},
                        {"release first", 1, 0, 5},
                        {"all before", 0, 1, 1},
                        {"hold last", 5, 0, 0}};
  for (const Case& c : cases) {
    Publications table;
    for (int at = 0; at <= 5; ++at) {
      if (at == 2) table.publish(kObject, kMaker, value("x"));
      if (at == c.hold_at) table.add_holds(kObject, kBorrower, 1);
      if (at == c.release_at) table.add_holds(kObject, kBorrower, -1);
      if (at == c.subscribe_at) table.subscribe(kObject, kBorrower);
    }
    sweep(table);  // all of it was visible before this sweep
    EXPECT_EQ(done(table), "hold x, send 2 x") << c.what;
    table.add_holds(kObject, kMaker, -1);
    sweep(table);
    EXPECT_EQ(done(table), "release x") << c.what;
    EXPECT_EQ(table.size(), 0U) << c.what;
  }
}

TEST(Publications, WhatNobodyPublishedIsLost) {
  Publications table;
  table.add_holds(kObject, kBorrower, 1);
  table.subscribe(kObject, kBorrower);
  sweep(table);
  EXPECT_EQ(done(table), "hold lost, send 2 lost");
  table.add_holds(kObject, kBorrower, -1);
  sweep(table);
  EXPECT_EQ(table.size(), 0U);
}

TEST(Publications, FreeTellsHoldersAndLeavesAnError) {
  Publications table;
  table.publish(kObject, kMaker, value("x"));
  table.add_holds(kObject, kBorrower, 1);
  done(table);
  table.free(kObject, value("freed"));
  EXPECT_EQ(done(table), "release x, hold freed, freed 1, freed 2");
  table.free(kObject, value("freed"));
  EXPECT_EQ(done(table), "");
  table.subscribe(kObject, kBorrower);
  EXPECT_EQ(done(table), "send 2 freed");
}

TEST(Publications, FreeOfAPendingOneAnswersItsSubscribers) {
  Publications table;
  table.publish(kObject, kMaker, nullptr);
  table.subscribe(kObject, kBorrower);
  table.free(kObject, value("freed"));
  EXPECT_EQ(done(table), "hold freed, send 2 freed, freed 1");
  table.fulfil(kObject, value("x"));
  EXPECT_EQ(done(table), "");
}

TEST(Publications, ADeadMakersPendingOnesFail) {
  Publications table;
  table.publish(kObject, kMaker, nullptr);
  table.add_holds(kObject, kBorrower, 1);
  table.subscribe(kObject, kBorrower);
  table.fail_pending(kMaker, value("owner died"));
  table.strike(kMaker);
  EXPECT_EQ(done(table), "hold owner died, send 2 owner died");
}

TEST(Publications, ADeadMakersDoneOnesLive) {
  Publications table;
  table.publish(kObject, kMaker, value("x"));
  table.add_holds(kObject, kBorrower, 1);
  table.fail_pending(kMaker, value("owner died"));
  table.strike(kMaker);
  sweep(table);
  EXPECT_EQ(done(table), "hold x");
  table.fail_pending(kBorrower, value("owner died"));
  table.strike(kBorrower);
  sweep(table);
  EXPECT_EQ(done(table), "release x");
}

TEST(Publications, UnheldPendingOnesGoAndTheirValueIsIgnored) {
  Publications table;
  table.publish(kObject, kMaker, nullptr);
  table.add_holds(kObject, kMaker, -1);
  sweep(table);
  EXPECT_EQ(table.size(), 0U);
  table.fulfil(kObject, value("x"));
  EXPECT_EQ(done(table), "");
}

}  // namespace
}  // namespace manta::detail::node
