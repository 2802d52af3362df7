#include <gtest/gtest.h>

#include <manta/scheduler/resources.h>

namespace manta::scheduler {
namespace {

ResourceSet make(double cpus, double gpus) {
  ResourceSet set = ResourceSet::cpus(cpus);
  set.set("GPU", gpus);
  return set;
}

TEST(ResourceSet, FractionsAddUpExactly) {
  ResourceSet free = ResourceSet::cpus(1);
  for (int i = 0; i < 10; ++i) free.subtract(ResourceSet::cpus(0.1));
  EXPECT_TRUE(free.empty());
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
