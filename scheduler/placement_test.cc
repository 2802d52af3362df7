#include "placement.h"

#include <gmock/gmock.h>

namespace manta::scheduler {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(Placement, AConditionHasOneOfFourForms) {
  const Labels eu = {{"zone", "eu"}};
  struct Case {
    const char* condition;
    bool in_eu, without_zone;
  };
  for (const Case& c : {Case{"eu", true, false}, Case{"us", false, false}, Case{"!eu", false, true},
                        Case{"!us", true, true}, Case{"in(us,eu)", true, false},
                        Case{"in(us)", false, false}, Case{"!in(us,eu)", false, true},
                        Case{"!in(us,asia)", true, true}, Case{"in", false, false}}) {
    EXPECT_EQ(matches(eu, {{"zone", c.condition}}), c.in_eu) << c.condition;
    EXPECT_EQ(matches({}, {{"zone", c.condition}}), c.without_zone) << c.condition;
  }
  EXPECT_TRUE(matches(eu, {}));
  EXPECT_FALSE(matches(eu, {{"zone", "eu"}, {"disk", "fast"}})) << "all must hold";
}

TEST(Placement, OtherFormsAreNone) {
  for (const char* text : {"", "!", "!!a", "in()", "!in()", "in(a", "in(a,)", "in(,a)", "in(a,,b)",
                           "a,b", "in(a, b)", " a", "in(a)b", "a=b", "not in(a)", "in((a))"}) {
    EXPECT_FALSE(parse_condition(text)) << text;
  }
}

NodeId id(std::uint64_t number) { return NodeId(number, number); }
const std::vector<NodeTraits> kNodes = {
    {id(1), {{"zone", "eu"}}}, {id(2), {{"zone", "us"}}}, {id(3), {}}};

TEST(Placement, NamesTheNodesThatFitTheWishedOneFirst) {
  EXPECT_THAT(candidates({}, kNodes).nodes, ElementsAre(0, 1, 2));
  EXPECT_THAT(candidates({.selector = {{"zone", "!eu"}}}, kNodes).nodes, ElementsAre(1, 2));
  EXPECT_THAT(candidates({.node = id(2)}, kNodes).nodes, ElementsAre(1));
  EXPECT_THAT(candidates({.node = id(3), .soft = true}, kNodes).nodes, ElementsAre(2, 0, 1));
  EXPECT_THAT(candidates({.node = id(9), .soft = true}, kNodes).nodes, ElementsAre(0, 1, 2));
}

TEST(Placement, SaysWhyThereIsNone) {
  const Candidates elsewhere = candidates({.node = id(9)}, kNodes);
  EXPECT_THAT(elsewhere.nodes, IsEmpty());
  EXPECT_THAT(elsewhere.why, AllOf(HasSubstr(id(9).hex()), HasSubstr(id(1).hex())));
  EXPECT_THAT(candidates({.selector = {{"zone", "asia"}}}, kNodes).why,
              AllOf(HasSubstr("zone: asia"), HasSubstr("zone=eu"), HasSubstr("has no labels")));
  const Candidates both = candidates({.selector = {{"zone", "eu"}}, .node = id(2)}, kNodes);
  EXPECT_THAT(both.why, AllOf(HasSubstr("zone=us"), ::testing::Not(HasSubstr("zone=eu"))));
}

}  // namespace
}  // namespace manta::scheduler
