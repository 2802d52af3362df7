#include "check.h"

#include <gtest/gtest.h>

namespace manta::base {
namespace {

TEST(Check, TrueConditionDoesNothing) { check(true, "never printed"); }

TEST(CheckDeathTest, FalseConditionNamesReasonAndPlaceAndAborts) {
  EXPECT_DEATH(check(1 + 1 == 3, "sums must be right"), "sums must be right.*check_test.cc");
}

}  // namespace
}  // namespace manta::base
