#include "resources.h"

#include <vector>

#include <gtest/gtest.h>

namespace manta::scheduler {
namespace {

ResourceSet make(double cpus, double gpus) {
  ResourceSet set = ResourceSet::cpus(cpus);
  set.set("GPU", gpus);
  return set;
}

// Of what `part` is n times, as if added one by one: sums are exact.
ResourceSet times(int n, const ResourceSet& part) {
  ResourceSet sum;
  if (n == 0) return sum;
  sum = times(n / 2, part);
  sum.add(ResourceSet(sum));
  if (n % 2 == 1) sum.add(part);
  return sum;
}

TEST(ResourceSet, NRequestsOfOneNthFillOne) {
  for (const double whole : {1.0, 4.0}) {
    for (int n = 1; n <= 10'000; ++n) {
      const ResourceSet request = make(whole / n, 1.0 / n);
      ResourceSet free = make(whole, 1);
      free.subtract(times(n - 1, request));
      ASSERT_TRUE(free.fits(request)) << n;
      ASSERT_EQ(free.shortest(request), "") << n;
      free.subtract(request);
      ASSERT_FALSE(free.fits(request)) << n;
      ASSERT_EQ(free.amount("GPU"), 0) << n;
      ASSERT_EQ(free.text(), "nothing") << n;
      free.add(times(n, request));
      ASSERT_EQ(free, make(whole, 1)) << n;
    }
  }
}

TEST(ResourceSet, OneByOneIsTheSame) {
  for (const int n : {3, 7, 49, 10'000}) {
    ResourceSet free = ResourceSet::cpus(1);
    int taken = 0;
    for (; taken <= n && free.fits(ResourceSet::cpus(1.0 / n)); ++taken) {
      free.subtract(ResourceSet::cpus(1.0 / n));
    }
    EXPECT_EQ(taken, n);
  }
}

TEST(ResourceSet, MixedFractionsFillOneAndNoMore) {
  const std::vector<std::vector<double>> parts = {{1.0 / 3, 1.0 / 3, 1.0 / 3},
                                                  {0.5, 1.0 / 3, 1.0 / 6},
                                                  {0.1 * 3, 0.7},
                                                  {0.7, 0.3},
                                                  {0.1, 0.2, 0.7},
                                                  {2.0 / 3, 1 - 2.0 / 3},
                                                  {1 - 0.9, 0.9},
                                                  {1.0 / 7, 6.0 / 7},
                                                  {1e-4, 1 - 1e-4},
                                                  {0.3, 0.3, 0.3, 0.1},
                                                  {5.0 / 11, 6.0 / 11}};
  for (const auto& amounts : parts) {
    ResourceSet free = ResourceSet::cpus(1);
    for (const double amount : amounts) {
      ASSERT_TRUE(free.fits(ResourceSet::cpus(amount))) << amount;
      free.subtract(ResourceSet::cpus(amount));
    }
    EXPECT_EQ(free.amount(kCpu), 0) << amounts.front();
    EXPECT_FALSE(free.fits(ResourceSet::cpus(1e-4)));
  }
}

TEST(ResourceSet, NeverGivesMoreThanThereIs) {
  for (const double part : {0.33334, 0.333333334, 0.3333333341}) {
    ResourceSet free = ResourceSet::cpus(1);
    free.subtract(times(2, ResourceSet::cpus(part)));
    EXPECT_FALSE(free.fits(ResourceSet::cpus(part))) << part;
  }
  ResourceSet free = ResourceSet::cpus(1);
  free.subtract(times(9'999, ResourceSet::cpus(0.000100001)));
  EXPECT_FALSE(free.fits(ResourceSet::cpus(0.000100001)));
}

TEST(ResourceSet, LargeAmountsAreExact) {
  ResourceSet memory;
  memory.set("memory", 1e15);
  ResourceSet part;
  part.set("memory", 1e15 / 4 - 1);
  memory.subtract(times(4, part));
  EXPECT_EQ(memory.amount("memory"), 4);
  ResourceSet huge, one;
  huge.set("memory", 1.8e19);
  one.set("memory", 1);
  EXPECT_TRUE(huge.fits(one));
  EXPECT_GT(huge.amount("memory"), 1e18);
}

TEST(ResourceSet, FractionsAddUpExactly) {
  ResourceSet free = ResourceSet::cpus(1);
  for (int i = 0; i < 10; ++i) free.subtract(ResourceSet::cpus(0.1));
  EXPECT_EQ(free.amount(kCpu), 0);
  EXPECT_FALSE(free.fits(ResourceSet::cpus(0.1)));
  for (int i = 0; i < 10; ++i) free.add(ResourceSet::cpus(0.1));
  EXPECT_EQ(free, ResourceSet::cpus(1));
}

TEST(ResourceSet, NothingFitsEverywhere) {
  ResourceSet free;
  EXPECT_TRUE(free.fits({}));
  free.subtract(ResourceSet::cpus(3));  // lent and taken back
  EXPECT_TRUE(free.fits(ResourceSet::cpus(0)));
  EXPECT_FALSE(free.fits(ResourceSet::cpus(0.1)));
}

TEST(ResourceSet, NamesTheShortest) {
  struct Case {
    ResourceSet have, want;
    const char* shortest;
  };
  const Case cases[] = {
      {make(4, 1), make(2, 1), ""},
      {make(4, 1), make(5, 1), "CPU"},
      {make(4, 1), make(5, 4), "GPU"},  // a quarter of it against four fifths
      {make(4, 0), make(1, 1), "GPU"},
  };
  for (const Case& c : cases) EXPECT_EQ(c.have.shortest(c.want), c.shortest) << c.want.text();
}

TEST(ResourceSet, IsReadable) {
  EXPECT_EQ(make(2, 0.5).text(), "CPU 2, GPU 0.5");
  EXPECT_EQ(ResourceSet().text(), "nothing");
}

}  // namespace
}  // namespace manta::scheduler
