// What a small object and a queued call cost in memory, measured as bench/loops_memory.cc does: bytes of the heap for
// each of many, as malloc counts them.
#include <cmath>
#include <malloc.h>
#include <unistd.h>
#include <vector>

#include "../base/sanitizers.h"
#include "cluster_fixture.h"

namespace manta::testing {
namespace {

constexpr int kMany = 10'000;

int add(int x, int y) { return x + y; }

// Holds its CPU until the session ends: what is submitted behind it stays queued.
int block() {
  for (;;) ::pause();
}

double heap_bytes() {
  const auto info = ::mallinfo2();
  return static_cast<double>(info.uordblks) + static_cast<double>(info.hblkhd);
}

class CallMemory : public ClusterTest {
 protected:
  void SetUp() override {
#ifdef MANTA_SANITIZED
    GTEST_SKIP() << "the allocator of a sanitizer counts nothing here";
#endif
    ClusterTest::SetUp();
    open({.cpus = 1});
  }

  // `make` gives one ref. The first few fill what is made once.
  template <class Make>
  static double bytes_each(Make&& make) {
    std::vector<ObjectRef<int>> refs;
    refs.reserve(kMany + 100);
    for (int i = 0; i < 100; ++i) refs.push_back(make(i));
    const double before = heap_bytes();
    for (int i = 0; i < kMany; ++i) refs.push_back(make(i));
    return std::round((heap_bytes() - before) / kMany);
  }
};

TEST_F(CallMemory, ASmallPutTakes96Bytes) {
  EXPECT_LE(bytes_each([](int i) { return put(i); }), 96);
}

TEST_F(CallMemory, AQueuedCallOfTwoIntsTakes256Bytes) {
  get(remote(add)(1, 2));
  const auto blocker = remote(block)();
  EXPECT_LE(bytes_each([](int i) { return remote(add)(i, i); }), 256);
}

TEST_F(CallMemory, AQueuedCallWithARefTakes300Bytes) {
  get(remote(add)(1, 2));
  const auto blocker = remote(block)();
  EXPECT_LE(bytes_each([&](int i) { return remote(add)(i, blocker); }), 300);
}

}  // namespace
}  // namespace manta::testing
