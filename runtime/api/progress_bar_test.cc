// What wait_with_progress() prints: a rate only where there is one.
#include "progress_bar.h"

#include <gtest/gtest.h>

namespace manta::detail {
namespace {

TEST(ProgressText, SaysNothingThatIsNotKnown) {
  struct Case {
    const char* claim;
    ProgressState state;
    const char* text;
  };
  const Case cases[] = {
      {"half done", {300, 600, 0, 6}, "  50 % 300/600  50.0/s  00:06 left"},
      {"no time has passed", {300, 600, 0, 0}, "  50 % 300/600"},
      {"hardly any time has passed", {300, 600, 0, 0.0001}, "  50 % 300/600"},
      {"nothing is done", {0, 600, 0, 100}, "   0 % 0/600"},
      {"all was done before", {600, 600, 600, 0}, " 100 % 600/600  00:00 in all"},
      {"what was done before is no work of this wait", {300, 600, 300, 10}, "  50 % 300/600"},
      {"some was done before", {400, 600, 300, 10}, "  66 % 400/600  10.0/s  00:20 left"},
      {"nothing to do", {0, 0, 0, 0}, " 100 % 0/0  00:00 in all"},
      {"nearly done is not done",
       {99'999, 100'000, 0, 100},
       "  99 % 99999/100000  1000.0/s  00:00 left"},
      {"slow", {1, 3, 0, 3600}, "  33 % 1/3  0.00028/s  2:00:00 left"},
      {"it never ends",
       {1, 1'000'000, 0, 3600},
       "   0 % 1/1000000  0.00028/s  over 100 hours left"},
      {"all done", {10, 10, 2, 90}, " 100 % 10/10  0.089/s  01:30 in all"},
  };
  for (const Case& c : cases) EXPECT_EQ(progress_text(c.state), c.text) << c.claim;
}

}  // namespace
}  // namespace manta::detail
