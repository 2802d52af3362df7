#include <gtest/gtest.h>

#include <manta/manta.h>

int twice(int x) { return 2 * x; }

TEST(Consumer, WorkersEnterBeforeTheMainOfGtest) {
  auto session = manta::init();
  EXPECT_EQ(manta::get(manta::remote(twice)(21)), 42);
}
