#include "counted.h"

#include <utility>

#include <gtest/gtest.h>

namespace manta::base {
namespace {

struct Parent : Counted {};
struct Child final : Parent {
  explicit Child(int* deaths) : deaths_(deaths) {}
  ~Child() override { ++*deaths_; }
  int* deaths_;
};

TEST(Ref, LastOneDestroys) {
  int deaths = 0;
  {
    const Ref<Child> first = make_ref<Child>(&deaths);
    const Ref<Parent> second = first;
    EXPECT_EQ(first->use_count(), 2U);
    EXPECT_EQ(second.get(), first.get());
  }
  EXPECT_EQ(deaths, 1);
}

TEST(Ref, MovingDoesNotCount) {
  int deaths = 0;
  Ref<Child> first = make_ref<Child>(&deaths);
  Ref<Parent> second = std::move(first);
  EXPECT_EQ(first, nullptr);  // NOLINT(bugprone-use-after-move): that it is empty is the claim
  EXPECT_EQ(second->use_count(), 1U);
  second = nullptr;
  EXPECT_EQ(deaths, 1);
}

TEST(Ref, SelfAssignmentKeepsTheTarget) {
  int deaths = 0;
  Ref<Child> ref = make_ref<Child>(&deaths);
  const Ref<Child>& alias = ref;
  ref = alias;
  EXPECT_EQ(ref->use_count(), 1U);
  EXPECT_EQ(deaths, 0);
}

TEST(Ref, AdoptAndDetachCarryOneCount) {
  int deaths = 0;
  Child* raw = make_ref<Child>(&deaths).detach();
  EXPECT_EQ(deaths, 0);
  const Ref<Child> retained = Ref<Child>::retain(raw);
  EXPECT_EQ(raw->use_count(), 2U);
  static_cast<void>(Ref<Child>::adopt(raw));
  EXPECT_EQ(retained->use_count(), 1U);
}

// An object whose death is only noted, so that a pointer to it stays usable.
struct Immortal final : Counted {
  void destroy() noexcept override { dead = true; }
  ~Immortal() override = default;
  bool dead = false;
};

TEST(Counted, TryRetainFailsAfterTheLastRelease) {
  Immortal object;
  EXPECT_TRUE(object.try_retain());
  object.release();
  EXPECT_FALSE(object.dead);
  object.release();
  EXPECT_TRUE(object.dead);
  EXPECT_FALSE(object.try_retain());
}

}  // namespace
}  // namespace manta::base
