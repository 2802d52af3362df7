// A session in a container with a limit on memory and a tiny /dev/shm (tests/contained/run): it takes its share, and
// goes on with more objects, and with more arrays at once, than the limit allows. A process that the kernel killed, or
// that got a SIGBUS, would fail the test.
#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <manta/manta.h>

namespace manta {
namespace {

constexpr std::size_t kMiB = std::size_t{1} << 20;
constexpr std::size_t kElements = 8 * kMiB / sizeof(int);

std::size_t limit() {
  const char* const text = std::getenv("MANTA_TEST_MEMORY_LIMIT");
  return text != nullptr ? std::stoull(text) : 0;
}

bool is_all(const Array<int>& array, int value) {
  return std::ranges::all_of(array, [value](int element) { return element == value; });
}

class Contained : public ::testing::Test {
 protected:
  const Session session_ = init({.cpus = 2, .spill_dirs = {"/var/tmp"}});
};

TEST_F(Contained, TheStoreIsAShareOfTheLimit) {
  const std::size_t capacity = cluster().nodes.at(0).store.capacity;
  EXPECT_GT(capacity, limit() / 5);
  EXPECT_LE(capacity, limit() * 3 / 10 + kMiB);
}

TEST_F(Contained, ObjectsAreMoreThanTheLimit) {
  const auto made = remote([](int n) { return full<int>(kElements, n).freeze(); });
  std::vector<ObjectRef<Array<int>>> refs;
  for (int n = 0; n < 100; n += 2) {
    refs.push_back(put(full<int>(kElements, n)));
    refs.push_back(made(n + 1));
  }
  const auto right = remote(is_all);
  for (int n = 0; n < 100; ++n) {
    const auto& ref = refs[static_cast<std::size_t>(n)];
    if (n % 3 == 0) {
      EXPECT_TRUE(get(right(ref, n))) << n;
    } else {
      EXPECT_TRUE(is_all(get(ref), n)) << n;
    }
  }
}

TEST_F(Contained, ArraysThatAreHeldAreMoreThanTheLimit) {
  std::vector<Array<int>> held;
  for (int n = 0; n < 80; ++n) held.push_back(get(put(full<int>(kElements, n))));
  for (int n = 0; n < 80; ++n) EXPECT_TRUE(is_all(held[static_cast<std::size_t>(n)], n)) << n;
}

}  // namespace
}  // namespace manta
