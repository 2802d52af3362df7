#include "store_addresses.h"

#include <string>
#include <sys/resource.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "../../base/child_fixture.h"
#include "../../base/sanitizers.h"

namespace manta::detail {
namespace {

constexpr std::uint64_t kGiB = std::uint64_t{1} << 30;

std::string text_of(const StoreAddresses& addresses) {
  return std::to_string(addresses.memory / kGiB) + " " + std::to_string(addresses.overflow / kGiB);
}

std::string under_limit(__rlimit_resource_t resource, std::uint64_t limit, std::uint64_t budget) {
  const auto ended = base::child_that([&](int says) {
    const rlimit both{limit, limit};
    if (::setrlimit(resource, &both) != 0) return;
    const std::string text = text_of(store_addresses(budget, true));
    (void)!::write(says, text.data(), text.size());
  });
  return ended.said;
}

TEST(StoreAddresses, AreMoreThanTheBudgetAndTheOverflowsBehind) {
  EXPECT_EQ(text_of(store_addresses(2 * kGiB, true)), "16 64");
  EXPECT_EQ(text_of(store_addresses(20 * kGiB, true)), "160 160");
  EXPECT_EQ(text_of(store_addresses(2 * kGiB, false)), "16 0");
}

TEST(StoreAddresses, AreAsManyAsTheBudgetWhereAProcessHasFew) {
#if !defined(MANTA_SANITIZED)  // whose own memory is beyond any limit
  EXPECT_EQ(under_limit(RLIMIT_AS, 100 * kGiB, 2 * kGiB), "2 0");
#endif
  // The overflow grows within its file's limit.
  EXPECT_EQ(under_limit(RLIMIT_FSIZE, kGiB, 2 * kGiB), "2 64");
  EXPECT_EQ(text_of(store_addresses(std::uint64_t{1} << 48, true)), "262144 0")
      << "more than there are";
}

}  // namespace
}  // namespace manta::detail
