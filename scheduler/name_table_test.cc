#include "name_table.h"

#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>

namespace manta::scheduler {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;

const ActorId kFirst(1, 1), kSecond(1, 2), kThird(2, 1);

using Names = std::vector<std::pair<std::string, ActorId>>;

Names names_in(const NameTable& table, const std::string& name_space, const std::string& after = {},
               std::size_t most = 100) {
  Names found;
  table.visit(name_space, after, [&](const std::string& name, const ActorId& actor) {
    found.emplace_back(name, actor);
    return found.size() < most;
  });
  return found;
}

TEST(NameTable, ANameIsFoundInItsNameSpaceOnly) {
  NameTable names;
  names.give({"a", "counter"}, {kFirst, "Counter"});
  names.give({"b", "counter"}, {kSecond, "Other"});
  ASSERT_NE(names.find({"a", "counter"}), nullptr);
  EXPECT_EQ(names.find({"a", "counter"})->actor, kFirst);
  EXPECT_EQ(names.find({"b", "counter"})->type, "Other");
  EXPECT_EQ(names.find({"", "counter"}), nullptr);
  EXPECT_EQ(names.find({"a", "count"}), nullptr);
}

TEST(NameTable, TheNamesOfANameSpaceAreSorted) {
  NameTable names;
  names.give({"a", "z"}, {kFirst, "T"});
  names.give({"a", "b"}, {kSecond, "T"});
  names.give({"aa", "c"}, {kThird, "T"});
  EXPECT_THAT(names_in(names, "a"), ElementsAre(Pair("b", kSecond), Pair("z", kFirst)));
  EXPECT_THAT(names_in(names, "aa"), ElementsAre(Pair("c", kThird)));
  EXPECT_THAT(names_in(names, "a", "b"), ElementsAre(Pair("z", kFirst)));
  EXPECT_THAT(names_in(names, "a", "", 1), ElementsAre(Pair("b", kSecond)));
  EXPECT_THAT(names_in(names, "b"), ElementsAre());
}

TEST(NameTable, AnActorThatIsGoneHasNone) {
  NameTable names;
  names.give({"", "x"}, {kFirst, "T"});
  names.remove(kSecond);
  EXPECT_EQ(names.size(), 1U);
  names.remove(kFirst);
  EXPECT_EQ(names.find({"", "x"}), nullptr);
  EXPECT_EQ(names.size(), 0U);
}

TEST(NameTable, ANameIsGivenAnew) {
  NameTable names;
  names.give({"", "x"}, {kFirst, "T"});
  names.give({"", "x"}, {kSecond, "U"});
  names.remove(kFirst);  // which has none any more
  ASSERT_NE(names.find({"", "x"}), nullptr);
  EXPECT_EQ(names.find({"", "x"})->actor, kSecond);
  names.give({"", "y"}, {kSecond, "U"});
  EXPECT_EQ(names.find({"", "x"}), nullptr) << "an actor has one name";
}

}  // namespace
}  // namespace manta::scheduler
