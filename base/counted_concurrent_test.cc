#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "counted.h"

namespace manta::base {
namespace {

struct Tracked final : Counted {
  explicit Tracked(int* deaths) : deaths_(deaths) {}
  ~Tracked() override { ++*deaths_; }
  int* deaths_;
};

TEST(RefAcrossThreads, LastReleaseDestroysOnce) {
  int deaths = 0;
  {
    const Ref<Tracked> ref = make_ref<Tracked>(&deaths);
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([copy = ref] {
        for (int k = 0; k < 10'000; ++k) {
          Ref<Tracked> another = copy;
          const Ref<Tracked> third = std::move(another);
        }
      });
    }
  }
  EXPECT_EQ(deaths, 1);
}

}  // namespace
}  // namespace manta::base
