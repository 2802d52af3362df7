// An array over 4 GiB: all sizes and offsets are 64 bits wide. Needs some 6 GiB of memory. And the store's promise in
// its own sizes: 20 arrays of 100 MiB held at once in a store of 1 GiB, and one of 1.2 GiB. Needs 2.5 GiB of disk.
#include <algorithm>
#include <cstddef>
#include <vector>

#include <manta/manta.h>

#include "cluster_fixture.h"

namespace manta::testing {
namespace {

TEST_F(ClusterTest, FiveGibArrayWorks) {
  constexpr std::size_t kBytes = std::size_t{5} << 30;
  open({.object_store_bytes = kBytes + (std::uint64_t{64} << 20)});
  auto array = zeros<unsigned char>(kBytes);
  for (std::size_t i = 0; i < kBytes; i += 4096) array[i] = static_cast<unsigned char>(i >> 30);
  array[kBytes - 1] = 99;
  auto ref = put(std::move(array));
  const auto check = [](const Array<unsigned char>& a) {
    std::size_t right = 0;
    for (std::size_t i = 0; i < a.size(); i += 4096) {
      right += a[i] == static_cast<unsigned char>(i >> 30) ? 1 : 0;
    }
    return right + a[a.size() - 1];
  };
  EXPECT_EQ(get(remote(check)(ref)), kBytes / 4096 + 99);
  const auto tail = get(remote(
      [](const Array<unsigned char>& a) { return a.slice(a.size() - 4097, a.size()); })(ref));
  EXPECT_EQ(tail[4096], 99);
  EXPECT_EQ(check(get(ref)), kBytes / 4096 + 99);
}

constexpr std::size_t kMiB = std::size_t{1} << 20;

TEST_F(ClusterTest, TwentyArraysOfAHundredMebibytesAreHeldInAStoreOfOneGibibyte) {
  open({.object_store_bytes = 1024 * kMiB, .spill_dirs = {"/var/tmp"}});
  std::vector<Array<long>> held;
  for (long i = 0; i < 20; ++i) {
    held.push_back(get(put(full<long>(100 * kMiB / sizeof(long), i))));
  }
  const StoreStats store = cluster().nodes.at(0).store;
  EXPECT_LE(store.used, store.capacity);
  EXPECT_GE(store.used + store.spilled, 2000 * kMiB);
  for (long i = 0; i < 20; ++i) {
    EXPECT_TRUE(std::ranges::all_of(held[static_cast<std::size_t>(i)], [i](long value) {
      return value == i;
    })) << i;
  }
}

TEST_F(ClusterTest, OneArrayOf1200MebibytesWorksInAStoreOfOneGibibyte) {
  open({.object_store_bytes = 1024 * kMiB, .spill_dirs = {"/var/tmp"}});
  constexpr std::size_t kCount = 1229 * kMiB / sizeof(long);
  const auto made = remote([] { return arange<long>(kCount); })();
  const auto is_arange = [](const Array<long>& array) {
    for (std::size_t i = 0; i < array.size(); ++i) {
      if (array[i] != static_cast<long>(i)) return false;
    }
    return array.size() == kCount;
  };
  EXPECT_TRUE(is_arange(get(made)));
  EXPECT_TRUE(get(remote(is_arange)(made)));
}

}  // namespace
}  // namespace manta::testing
