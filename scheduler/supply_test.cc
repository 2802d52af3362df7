#include "supply.h"

#include <gtest/gtest.h>

namespace manta::scheduler {
namespace {

ResourceSet gpus(double amount, double cpus = 0) {
  ResourceSet set = ResourceSet::cpus(cpus);
  set.set(kGpu, amount);
  return set;
}

TEST(Supply, WholeGpusAreThoseOfWhichNothingIsTaken) {
  Supply free(gpus(4));
  EXPECT_EQ(free.take(gpus(1)), Gpus{0});
  EXPECT_EQ(free.take(gpus(0.5)), Gpus{1});
  EXPECT_EQ(free.take(gpus(2)), (Gpus{2, 3}));
  EXPECT_FALSE(free.fits(gpus(1)));
  EXPECT_TRUE(free.fits(gpus(0.5)));
  EXPECT_TRUE(free.fits(ResourceSet()));
}

TEST(Supply, PartsShareAGpu) {
  Supply free(gpus(2));
  EXPECT_EQ(free.take(gpus(0.25)), Gpus{0});
  EXPECT_EQ(free.take(gpus(0.5)), Gpus{0});
  EXPECT_EQ(free.take(gpus(0.5)), Gpus{1});
  EXPECT_EQ(free.take(gpus(0.25)), Gpus{0}) << "where least is left but enough";
}

TEST(Supply, NPartsOfOneNthFillAGpu) {
  for (const int n : {3, 7, 49}) {
    Supply free(gpus(1));
    for (int i = 0; i < n; ++i) {
      ASSERT_TRUE(free.fits(gpus(1.0 / n))) << n;
      free.take(gpus(1.0 / n));
    }
    EXPECT_FALSE(free.fits(gpus(1.0 / n))) << n;
    for (int i = 0; i < n; ++i) free.give_back(gpus(1.0 / n), {0});
    EXPECT_EQ(free.amounts(), gpus(1));
    EXPECT_EQ(free.take(gpus(1)), Gpus{0});
  }
}

TEST(Supply, PartsOfSeveralGpusAreNoWholeOne) {
  Supply free(gpus(2));
  free.take(gpus(0.6));
  free.take(gpus(0.6));
  EXPECT_EQ(free.amounts().amount(kGpu), 0.8);
  EXPECT_FALSE(free.fits(gpus(0.5)));
  EXPECT_EQ(free.shortest(gpus(0.5)), "GPU");
  EXPECT_EQ(free.shortest(gpus(0.4)), "");
  EXPECT_EQ(free.shortest(gpus(0.5, 1)), "CPU") << "there is none at all";
}

TEST(Supply, WhatDoesNotFitIsTakenWhereMostIsLeft) {
  Supply free(gpus(2));
  free.take(gpus(0.75));
  free.take(gpus(0.5));
  EXPECT_EQ(free.take(gpus(0.75)), Gpus{1});
  EXPECT_FALSE(free.fits(gpus(0.5))) << "that is kept";
  EXPECT_TRUE(free.fits(gpus(0.25)));
  EXPECT_EQ(free.take(gpus(3)), (Gpus{0, 1})) << "more than there are";
}

TEST(Supply, WhatIsGivenBackIsThereAgain) {
  const ResourceSet total = gpus(3, 2);
  Supply free(total);
  const Gpus one = free.take(gpus(1, 1));
  const Gpus part = free.take(gpus(0.5, 1));
  EXPECT_FALSE(free.fits(ResourceSet::cpus(1)));
  free.give_back(gpus(1, 1), one);
  free.give_back(gpus(0.5, 1), part);
  EXPECT_EQ(free.amounts(), total);
  EXPECT_EQ(free.take(gpus(3)), (Gpus{0, 1, 2}));
}

}  // namespace
}  // namespace manta::scheduler
