// How a range is cut into chunks: what each holds.
#include "element_source.h"

#include <cstdint>
#include <limits>
#include <numeric>
#include <ranges>
#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "../../base/error.h"
#include "element_place.h"

namespace manta::detail {
namespace {

template <class Range>
auto cut(Range&& range) {
  return source_of(range);
}

// All elements, chunk by chunk.
template <class Range>
std::string elements_of(Range&& range, std::size_t size) {
  auto source = source_of(range);
  std::ostringstream text;
  for (std::size_t left = source.size(); left > 0;) {
    const std::size_t now = std::min(left, size);
    auto chunk = source.take(now);
    each_element(chunk, [&](auto&& element) { text << +element << " "; });
    text << "| ";
    left -= now;
  }
  return text.str();
}

TEST(ElementSource, GivesEachElementOnceInOrder) {
  EXPECT_EQ(elements_of(std::views::iota(0, 5), 2), "0 1 | 2 3 | 4 | ");
  EXPECT_EQ(elements_of(std::views::iota(-2L, 2L), 10), "-2 -1 0 1 | ");
  EXPECT_EQ(elements_of(std::pair(1, 4U), 2), "1 2 | 3 | ");
  EXPECT_EQ(elements_of(std::vector<int>{7, 8, 9}, 2), "7 8 | 9 | ");
  EXPECT_EQ(elements_of(std::vector<bool>{true, false, true}, 2), "1 0 | 1 | ");
  const Array<double> array = array_from({0.5, 1.5, 2.5});
  EXPECT_EQ(elements_of(array, 2), "0.5 1.5 | 2.5 | ");
  EXPECT_EQ(elements_of(full<int>(Shape{}, 3).freeze(), 2), "3 | ");
  std::vector<int> twice{1, 2, 3};
  auto doubled = twice | std::views::transform([](int x) { return 2 * x; });
  EXPECT_EQ(elements_of(doubled, 2), "2 4 | 6 | ");
}

TEST(ElementSource, OfNothingIsEmpty) {
  EXPECT_EQ(cut(std::pair(5, 5)).size(), 0u);
  EXPECT_EQ(cut(std::pair(5, -5)).size(), 0u);  // as a loop from 5 to -5
  EXPECT_EQ(cut(std::pair(5U, -5)).size(), 0u);
  EXPECT_EQ(elements_of(std::views::iota(3, 3), 2), "");
  EXPECT_EQ(elements_of(std::vector<int>(), 2), "");
  EXPECT_EQ(elements_of(Array<int>(), 2), "");
}

TEST(ElementSource, ReachesFromTheFirstToTheLastIntegerOfItsType) {
  using Limits = std::numeric_limits<std::int8_t>;
  auto all = cut(std::pair(Limits::min(), Limits::max()));
  EXPECT_EQ(all.size(), 255u);
  (void)all.take(254);
  const auto last = all.take(1);
  EXPECT_EQ(last.first, Limits::max() - 1);
  using Large = std::numeric_limits<std::int64_t>;
  EXPECT_EQ(cut(std::pair(Large::min(), Large::max())).size(), UINT64_MAX);
}

TEST(ElementSource, RefusesWhatIsNoRange) {
  EXPECT_THROW(cut(std::pair(-1, 5U)), InvalidArgument);
  EXPECT_THROW(cut(zeros<int>(2, 3).freeze()), InvalidArgument);
}

TEST(ElementSource, RefusesARangeThatEndsTooSoon) {
  std::vector<int> numbers{1, 2, 3};
  auto source = source_of(numbers);
  EXPECT_THROW(source.take(4), InvalidArgument);
}

TEST(ElementSource, OfAnArrayIsTheArrayItself) {
  const Array<int> array = arange<int>(100);
  auto source = cut(array);
  (void)source.take(10);
  EXPECT_TRUE(same_storage(source.take(90), array));
}

TEST(ElementPlace, StandsOnceInThePathOfAnError) {
  ErrorRecord error{{.function = "parse"}};
  add_place(error, 7, 1, "manta::map_reduce()");
  EXPECT_EQ(error.path, "element 7 of manta::map_reduce() <- parse");
  add_place(error, 0, 100, "manta::map_reduce()");
  EXPECT_EQ(error.path, "element 7 of manta::map_reduce() <- parse");
  ErrorRecord crash;
  add_place(crash, 4, 4, "manta::parallel_for()");
  EXPECT_EQ(crash.path, "elements 4 to 7 of manta::parallel_for()");
}

}  // namespace
}  // namespace manta::detail
