#include "resolve_options.h"

#include <cstdint>
#include <cstdlib>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "../../base/cgroups.h"

namespace manta::detail {
namespace {

constexpr std::uint64_t kMiB = std::uint64_t{1} << 20;
constexpr std::uint64_t kGiB = kMiB << 10;

TEST(ResolveOptions, TheStoreHasThirtyPercentOfTheMemory) {
  EXPECT_EQ(default_store_size(100 * kGiB), 30 * kGiB);
  EXPECT_EQ(default_store_size(512 * kMiB) / kMiB, 153U);
  EXPECT_EQ(default_store_size(1 * kMiB), 16 * kMiB) << "the smallest store";
  EXPECT_EQ(default_store_size(std::uint64_t{1} << 50), std::uint64_t{1} << 45) << "the largest";
  ASSERT_EQ(std::getenv("MANTA_OBJECT_STORE_BYTES"), nullptr);
  EXPECT_EQ(resolve_options({}).object_store_bytes, default_store_size(base::usable_memory()))
      << "of what the machine and its cgroups allow";
  EXPECT_EQ(resolve_options({}).usable_memory, base::usable_memory());
  EXPECT_EQ(resolve_options({.object_store_bytes = 64 * kMiB}).object_store_bytes, 64 * kMiB);
}

TEST(ResolveOptions, AStoreLargerThanTheMemoryIsSpokenOf) {
  EXPECT_EQ(about_large_store(kGiB, kGiB), "");
  EXPECT_THAT(about_large_store(2 * kGiB, kGiB + 17),
              testing::StartsWith(
                  "the object store of 2048 MiB is larger than the 1024 MiB of memory that"));
}

}  // namespace
}  // namespace manta::detail
