#include "last_lines.h"

#include <string>

#include <gmock/gmock.h>

namespace manta::detail::node {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

void add_lines(LastLines& lines, const std::string& name, int count) {
  for (int i = 1; i <= count; ++i) lines.add(name + std::to_string(i) + ".");
}

TEST(LastLines, AreTheLastTwenty) {
  LastLines lines;
  EXPECT_EQ(lines.text(), "");
  add_lines(lines, "line ", 30);
  EXPECT_THAT(lines.text(), StartsWith("line 11.\n"));
  EXPECT_THAT(lines.text(), EndsWith("line 30.\n"));
}

TEST(LastLines, OfASanitizersReportTheHeadIsShown) {
  for (const std::string first :
       {"==12==ERROR: AddressSanitizer: heap-use-after-free on address 0x1",
        "a.cc:3:4: runtime error: signed integer overflow", "WARNING: ThreadSanitizer: data race",
        "==12==ERROR: LeakSanitizer: detected memory leaks"}) {
    LastLines lines;
    add_lines(lines, "before ", 30);
    lines.add(first);
    add_lines(lines, "report ", 100);
    EXPECT_THAT(lines.text(),
                StartsWith("before 28.\nbefore 29.\nbefore 30.\n" + first + "\nreport 1.\n"));
    EXPECT_THAT(lines.text(), HasSubstr("report 19.\n... 76 more lines\nreport 96.\n"));
    EXPECT_THAT(lines.text(), EndsWith("report 100.\n"));
  }
}

TEST(LastLines, AShortReportIsShownOnce) {
  LastLines lines;
  lines.add("a.cc:3:4: runtime error: division by zero");
  add_lines(lines, "report ", 3);
  EXPECT_EQ(lines.text(),
            "a.cc:3:4: runtime error: division by zero\nreport 1.\nreport 2.\nreport 3.\n");
}

TEST(LastLines, TheReportThatEndedTheProcessCounts) {
  LastLines lines;
  lines.add("WARNING: ThreadSanitizer: data race");
  add_lines(lines, "race ", 50);
  lines.add("==12==ERROR: ThreadSanitizer: SEGV on unknown address");
  add_lines(lines, "crash ", 50);
  EXPECT_THAT(lines.text(),
              StartsWith("race 48.\nrace 49.\nrace 50.\n==12==ERROR: ThreadSanitizer: SEGV"));
  EXPECT_THAT(lines.text(), Not(HasSubstr("race 1.")));
}

TEST(LastLines, AReportOfLongAgoIsForgotten) {
  LastLines lines;
  lines.add("a.cc:3:4: runtime error: signed integer overflow");
  add_lines(lines, "work ", 500);
  EXPECT_THAT(lines.text(), StartsWith("work 481.\n"));
}

}  // namespace
}  // namespace manta::detail::node
