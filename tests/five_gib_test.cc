// An array over 4 GiB: all sizes and offsets are 64 bits wide. Needs some 6 GiB of memory.
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

}  // namespace
}  // namespace manta::testing
