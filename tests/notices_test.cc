// What Manta itself tells the user: crashes that a retry made good, errors that nobody looked at; each once.
#include "../runtime/ownership/notices.h"

#include <algorithm>
#include <string>
#include <vector>

#include <gmock/gmock.h>

#include "program_run.h"

namespace manta::testing {
namespace {

using detail::Notice;
using detail::one_line;
using ::testing::AllOf;
using ::testing::ContainsRegex;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::vector<std::string> notices_of(const std::string& mode, int count = 0) {
  const ProgramRun program({NOTICES_PROGRAM, mode, std::to_string(count)});
  EXPECT_EQ(program.status, 0) << program.err;
  EXPECT_EQ(program.out, "");
  return lines_of(program.err);
}

TEST(Notices, OfCrashesAreTheFirstAndCountsThatDouble) {
  const auto lines = notices_of("crashes", 11);
  ASSERT_EQ(lines.size(), 5u);
  EXPECT_THAT(
      lines[0],
      AllOf(HasSubstr("manta: the worker process that ran crash_some_times was killed by signal 9"),
            HasSubstr("in attempt 1; it is tried again"), ContainsRegex("worker-[0-9]+\\.log")));
  EXPECT_THAT(lines[1], HasSubstr("manta: 2 crashes of crash_some_times so far"));
  EXPECT_THAT(lines[2], HasSubstr("manta: 4 crashes of crash_some_times so far"));
  EXPECT_THAT(lines[3], HasSubstr("manta: 8 crashes of crash_some_times so far"));
  EXPECT_THAT(lines[4], HasSubstr("manta: 11 crashes of crash_some_times in all"));
}

TEST(Notices, OfCrashesAreOfEachPieceOfCode) {
  auto lines = notices_of("two_crash");
  std::ranges::sort(lines);
  EXPECT_THAT(lines, ElementsAre(HasSubstr("2 crashes of leave_some_times so far"),
                                 HasSubstr("3 crashes of leave_some_times in all"),
                                 HasSubstr("ran crash_some_times was killed by signal 9"),
                                 AllOf(HasSubstr("ran leave_some_times exited with code 7"),
                                       HasSubstr("in attempt 1 of 10; it is tried again"))));
}

TEST(Notices, ThatStandForSeveralAreCounted) {
  std::vector<std::string> lines;
  detail::Notices notices([&lines](const std::string& line) { lines.push_back(line); });
  notices.add({.cause = 1, .count = 3, .subject = "f", .text = "error of f"});
  notices.add({.cause = 1, .count = 4, .subject = "g", .text = "error of g"});
  notices.add({.count = 5});
  notices.add(
      {.kind = Notice::Kind::kCrash, .cause = 1, .count = 5, .subject = "h", .text = "crash"});
  notices.add(
      {.kind = Notice::Kind::kCrash, .cause = 1, .count = 2, .subject = "h", .text = "crash"});
  notices.add({.kind = Notice::Kind::kCrash, .count = 9});
  notices.end();
  EXPECT_THAT(lines, ElementsAre("error of f", "crash", HasSubstr("5 crashes of h so far"),
                                 HasSubstr("6 more errors that have the same cause"),
                                 HasSubstr("looked at 5 more errors"),
                                 HasSubstr("7 crashes of h in all"), HasSubstr("9 more crashes")));
}

TEST(Notices, OfWhatAnotherProcessHasFreedThereAreNone) {
  EXPECT_THAT(notices_of("freed", 100), ::testing::IsEmpty());
}

TEST(Notices, OfALongErrorIsCutAndSaysSo) {
  for (const int size : {2048, 2049, 3'000'000}) {
    const auto lines = notices_of("long", size);
    ASSERT_EQ(lines.size(), 1u);
    EXPECT_LT(lines[0].size(), 2400u);
    EXPECT_THAT(lines[0], HasSubstr(std::string(2048, 'x')));
    const std::string cut = " ... (cut: " + std::to_string(size) + " bytes in all)";
    EXPECT_EQ(lines[0].ends_with(cut), size > 2048) << lines[0];
  }
}

TEST(Notices, OfAnErrorOfSeveralLinesAreOne) {
  EXPECT_THAT(notices_of("forged"),
              ElementsAre(HasSubstr("first\\nmanta: a forged line\\r\\x1b[2J")));
}

TEST(Notices, OfOneCauseAreOneLineAndACount) {
  for (const int count : {2, 1000}) {
    const auto lines = notices_of("fan_out", count);
    EXPECT_THAT(lines,
                ElementsAre(AllOf(HasSubstr("nobody looked at the error of fails"),
                                  HasSubstr("the cause; on the way: chain <- fails")),
                            HasSubstr("nobody looked at " + std::to_string(count - 1) + " more")));
  }
}

TEST(Notices, OfManyErrorsOfOneCauseHideNoOtherCause) {
  EXPECT_THAT(notices_of("two_causes", 60),
              ElementsAre(HasSubstr("error of fails (object"), HasSubstr("cause two"),
                          "manta: nobody looked at 59 more errors that have the same cause, the "
                          "one of fails"));
}

TEST(Notices, OfCrashesInSeveralWorkersAreOfOneCause) {
  EXPECT_THAT(notices_of("dies", 3),
              ElementsAre(HasSubstr("the error of dies"),
                          HasSubstr("2 more errors that have the same cause, the one of dies")));
}

TEST(Notices, PathsThatRepeatAreCounted) {
  EXPECT_THAT(notices_of("chain", 500),
              ElementsAre(HasSubstr("on the way: (odd <- even) x 500 <- chain x 500 <- fails")));
}

TEST(Notices, OneLimitHoldsForAllProcesses) {
  const auto lines = notices_of("workers", 15);
  ASSERT_EQ(lines.size(), detail::Notices::kMostCauses + 1);
  EXPECT_EQ(lines.back(), "manta: nobody looked at 40 more errors");
  EXPECT_THAT(lines[0], ContainsRegex("in worker [0-9]+\\): unseen 0"));
}

TEST(Notices, AreReadAsTheyWereWritten) {
  const Notice notice{.kind = Notice::Kind::kCrash, .cause = 7, .subject = "f", .text = "t\nu"};
  const auto bytes = detail::encode(notice);
  const auto again = detail::decode_notice(bytes);
  ASSERT_TRUE(again);
  EXPECT_EQ(again->text + again->subject, "t\nuf");
  EXPECT_EQ(again->cause, 7u);
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(detail::decode_notice(std::span(bytes).first(size)));
  }
}

TEST(Notices, CutNoCharacterInTwo) {
  EXPECT_EQ(one_line("a\xc3\xa4", 2), "a ... (cut: 3 bytes in all)");
  EXPECT_EQ(one_line("a\xc3\xa4", 3), "a\xc3\xa4");
  EXPECT_EQ(one_line("\x80\x80\x80", 2), " ... (cut: 3 bytes in all)");
}

TEST(Notices, OfManyPiecesOfCodeTheRestIsCounted) {
  std::vector<std::string> lines;
  detail::Notices notices([&](const std::string& line) { lines.push_back(line); });
  for (std::uint64_t i = 0; i < 100; ++i) {
    notices.add({.kind = Notice::Kind::kCrash, .cause = i, .text = "crash"});
  }
  notices.end();
  ASSERT_EQ(lines.size(), detail::Notices::kMostCodes + 1);
  EXPECT_THAT(lines.back(), HasSubstr("80 more crashes of other functions"));
  notices.end();
  EXPECT_EQ(lines.size(), detail::Notices::kMostCodes + 1) << "the next session begins anew";
}

}  // namespace
}  // namespace manta::testing
