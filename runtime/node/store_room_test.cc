#include "store_room.h"

#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace manta::detail::node {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class StoreRoomTest : public testing::Test {
 protected:
  using Told = std::pair<std::uint64_t, bool>;  // question, granted

  void ask(rpc::Slot from, std::uint64_t question, std::uint64_t size, std::int64_t since,
           std::uint32_t tries = 0) {
    room_.on(from, {.question = question, .size = size, .since = since, .tries = tries});
  }
  std::vector<Told> look(std::int64_t now) {
    told_.clear();
    room_.look(now);
    return std::exchange(told_, {});
  }

  std::uint64_t free_ = 0;
  bool spilling_ = false;
  std::int64_t tried_at_ = std::numeric_limits<std::int64_t>::max();
  std::string why_not_;
  std::string text_;
  std::uint32_t waiting_ = 0;
  std::vector<Told> told_;
  StoreRoom::Store store() {
    return {.has_room = [this](std::uint64_t size) { return size <= free_; },
            .is_spilling = [this] { return spilling_; },
            .has_tried_since = [this](std::int64_t time) { return tried_at_ >= time; },
            .set_waiting = [this](std::uint32_t count) { waiting_ = count; },
            .why_not_spilled = [this] { return why_not_; },
            .tell =
                [this](rpc::Slot, const RoomTold& told, std::string_view text) {
                  told_.emplace_back(told.question, told.granted != 0);
                  text_ = text;
                }};
  }
  StoreRoom room_{store(), 1000};
};

TEST_F(StoreRoomTest, WhoAskedFirstComesFirstAlsoIfALaterOneWouldFit) {
  ask(1, 11, 100, 5);
  ask(2, 22, 10, 6);
  EXPECT_EQ(waiting_, 2U);
  free_ = 50;
  EXPECT_THAT(look(7), IsEmpty());
  free_ = 100;
  EXPECT_THAT(look(8), ElementsAre(Told(11, true))) << "one at each look";
  EXPECT_EQ(waiting_, 1U);
  free_ = 10;
  EXPECT_THAT(look(9), ElementsAre(Told(22, true)));
  EXPECT_EQ(waiting_, 0U);
  EXPECT_FALSE(room_.anybody_waits());
}

TEST_F(StoreRoomTest, WhoFoundItsRoomTakenKeepsItsPlace) {
  ask(1, 11, 100, 5);
  ask(2, 22, 100, 6);
  free_ = 100;
  EXPECT_THAT(look(7), ElementsAre(Told(11, true)));
  ask(1, 12, 100, 5);
  EXPECT_THAT(look(8), ElementsAre(Told(12, true)));
  EXPECT_THAT(look(9), ElementsAre(Told(22, true)));
}

TEST_F(StoreRoomTest, WhoWaitsTooLongIsRefusedInOrder) {
  ask(1, 11, 100, 5);
  ask(2, 22, 100, 400);
  ask(3, 33, 100, 500);
  EXPECT_THAT(look(1004), IsEmpty());
  EXPECT_THAT(look(1005), ElementsAre(Told(11, false)));
  EXPECT_THAT(look(2000), ElementsAre(Told(22, false), Told(33, false)));
  EXPECT_EQ(waiting_, 0U);
}

TEST_F(StoreRoomTest, RoomThatCanNeverBeTakenIsNotGrantedForEver) {
  free_ = 100;
  std::int64_t now = 5;
  for (std::uint32_t tries = 0; now < 1005; now += 200, ++tries) {
    ask(1, 11, 100, 5, tries);
    EXPECT_THAT(look(now), ElementsAre(Told(11, true)));
  }
  ask(1, 11, 100, 5, 5);
  EXPECT_THAT(look(now), ElementsAre(Told(11, false)));
}

TEST_F(StoreRoomTest, TheTimeOfSpillingDoesNotCount) {
  spilling_ = true;
  ask(1, 11, 100, 0);
  EXPECT_THAT(look(5000), IsEmpty());
  spilling_ = false;
  EXPECT_THAT(look(5999), IsEmpty());
  free_ = 100;
  EXPECT_THAT(look(6000), ElementsAre(Told(11, true))) << "late, but there is room at last";
  ask(1, 12, 200, 6000);
  EXPECT_THAT(look(7000), ElementsAre(Told(12, false)));
}

TEST_F(StoreRoomTest, NobodyIsRefusedBeforeAllThatCouldBeSpilledWasTried) {
  StoreRoom impatient(store(), 0);
  tried_at_ = 4;
  impatient.on(1, {.question = 11, .size = 100, .since = 5});
  impatient.look(6);
  EXPECT_THAT(told_, IsEmpty());
  tried_at_ = 7;
  impatient.look(7);
  EXPECT_THAT(told_, ElementsAre(Told(11, false)));
}

TEST_F(StoreRoomTest, WhoIsRefusedIsToldWhyNothingWasSpilled) {
  why_not_ = "/spill: 3 MiB free";
  ask(1, 11, 100, 0);
  EXPECT_THAT(look(1000), ElementsAre(Told(11, false)));
  EXPECT_EQ(text_, why_not_);
}

TEST_F(StoreRoomTest, WhoMayWaitForEverIsNeverLate) {
  StoreRoom patient(store(), std::numeric_limits<std::int64_t>::max());
  patient.on(1, {.question = 11, .size = 100, .since = 0});
  for (const bool spills : {true, false}) {
    spilling_ = spills;
    patient.look(std::int64_t{1} << 40);
    EXPECT_THAT(told_, IsEmpty());
  }
}

TEST_F(StoreRoomTest, TheDeadWaitForNothing) {
  ask(1, 11, 100, 5);
  ask(2, 22, 10, 6);
  ask(1, 12, 10, 7);
  free_ = 10;
  room_.process_died(1);
  EXPECT_EQ(waiting_, 1U);
  EXPECT_THAT(look(8), ElementsAre(Told(22, true)));
  EXPECT_FALSE(room_.anybody_waits());
}

}  // namespace
}  // namespace manta::detail::node
