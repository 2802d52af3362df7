// An ElementSource is a range that is cut into chunks, one after the other, from its beginning to its end.
//
//   std::views::iota(0, n), std::pair(0, n)   -->   IndexChunk: its first integer, and how many
//   Array<T>                                  -->   Array<T>: a slice, whose elements stay where they are
//   any other range that knows its size       -->   std::vector<T>: copies of the elements
//
// A source says with what a function is called for an element (Argument), what of it travels (Chunk), and how many
// elements a chunk has at most. In the worker, each_element(chunk, use) gives the elements again.
// Errors: InvalidArgument for an Array of several dimensions; what the user's iterators throw. Threads: confined.
#pragma once
#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <ranges>
#include <type_traits>
#include <utility>
#include <vector>

#include "../../objectstore/array.h"
#include "signature.h"

namespace manta::detail {

// ---- integers
[[noreturn]] void refuse_sign();  // InvalidArgument

template <class T>
concept Index = std::integral<T> && !std::same_as<T, bool>;

template <class T>
struct IndexChunk {
  T first = {};
  std::uint64_t count = 0;
};

template <class T>
class IndexSource {
 public:
  using Argument = T;
  using Chunk = IndexChunk<T>;
  static constexpr std::size_t kMostInChunk = std::size_t{1} << 20;

  // Unsigned arithmetic, since the difference of two numbers may be larger than any of their type.
  IndexSource(T first, T last)
      : next_(first),
        size_(last > first ? static_cast<std::size_t>(last) - static_cast<std::size_t>(first) : 0) {
  }
  std::size_t size() const { return size_; }
  Chunk take(std::size_t count) {
    const Chunk chunk{next_, count};
    next_ = static_cast<T>(next_ + static_cast<T>(count));
    return chunk;
  }

 private:
  T next_;
  std::size_t size_;
};

template <class T, class Use>
void each_element(const IndexChunk<T>& chunk, Use&& use) {
  for (std::uint64_t i = 0; i < chunk.count; ++i) {
    use(static_cast<T>(chunk.first + static_cast<T>(i)));
  }
}

// ---- arrays
[[noreturn]] void refuse_dimensions(std::size_t dimensions);  // InvalidArgument

template <class T>
class ArraySource {
 public:
  using Argument = const T&;
  using Chunk = Array<T>;
  static constexpr std::size_t kMostInChunk = std::size_t{1} << 20;

  explicit ArraySource(const Array<T>& array) : array_(array) {
    if (array.shape().size() > 1) refuse_dimensions(array.shape().size());
  }
  std::size_t size() const { return array_.size(); }
  Chunk take(std::size_t count) {
    const std::size_t first = std::exchange(next_, next_ + count);
    return array_.shape().empty() ? array_.reshape({array_.size()}) : array_.slice(first, next_);
  }

 private:
  const Array<T> array_;
  std::size_t next_ = 0;
};

template <class T, class Use>
void each_element(const Array<T>& chunk, Use&& use) {
  for (const T& element : chunk) use(element);
}

// ---- any range
[[noreturn]] void refuse_short_range();  // InvalidArgument

template <class Range>
class RangeSource {
 public:
  using Argument = Stored<std::ranges::range_value_t<Range>>;
  using Chunk = std::vector<Argument>;
  static constexpr std::size_t kMostInChunk = std::size_t{1} << 16;

  explicit RangeSource(Range& range)
      : next_(std::ranges::begin(range)),
        end_(std::ranges::end(range)),
        size_(static_cast<std::size_t>(std::ranges::size(range))) {}
  std::size_t size() const { return size_; }
  Chunk take(std::size_t count) {
    Chunk chunk;
    chunk.reserve(count);
    for (; count > 0 && next_ != end_; --count, ++next_) chunk.emplace_back(*next_);
    if (count > 0) refuse_short_range();
    return chunk;
  }

 private:
  std::ranges::iterator_t<Range> next_;
  const std::ranges::sentinel_t<Range> end_;
  const std::size_t size_;
};

template <class T, class Use>
void each_element(std::vector<T>& chunk, Use&& use) {
  for (auto&& element : chunk) {
    if constexpr (std::is_same_v<T, bool>) {
      use(static_cast<bool>(element));
    } else {
      use(std::move(element));
    }
  }
}

// ---- which source a range is
template <class Range>
inline constexpr bool is_iota = false;
template <Index First, class Last>
inline constexpr bool is_iota<std::ranges::iota_view<First, Last>> =
    std::ranges::sized_range<std::ranges::iota_view<First, Last>>;
template <class Range>
inline constexpr bool is_pair_of_indices = false;
template <Index First, Index Last>
inline constexpr bool is_pair_of_indices<std::pair<First, Last>> = true;
template <class Range>
inline constexpr bool is_an_array = false;
template <class T>
inline constexpr bool is_an_array<Array<T>> = true;

template <class Range>
concept SizedRange = std::ranges::input_range<Range> && std::ranges::sized_range<Range> &&
                     std::is_constructible_v<Stored<std::ranges::range_value_t<Range>>,
                                             std::ranges::range_reference_t<Range>>;
template <class Range, class Plain = std::remove_cvref_t<Range>>
concept CanBeCut =
    is_iota<Plain> || is_pair_of_indices<Plain> || is_an_array<Plain> || SizedRange<Range>;

template <class Range>
auto source_of(Range& range) {
  using Plain = std::remove_cvref_t<Range>;
  if constexpr (is_iota<Plain>) {
    using T = std::ranges::range_value_t<Plain>;
    const auto size = static_cast<std::size_t>(std::ranges::size(range));
    const T first = size == 0 ? T{} : *std::ranges::begin(range);
    return IndexSource<T>(first, static_cast<T>(first + static_cast<T>(size)));
  } else if constexpr (is_pair_of_indices<Plain>) {
    using T = std::common_type_t<typename Plain::first_type, typename Plain::second_type>;
    const auto [first, last] = range;
    if (std::cmp_less_equal(last, first)) return IndexSource<T>(T{}, T{});
    if (!std::in_range<T>(first)) refuse_sign();
    return IndexSource<T>(static_cast<T>(first), static_cast<T>(last));
  } else if constexpr (is_an_array<Plain>) {
    return ArraySource<typename Plain::value_type>(range);
  } else {
    return RangeSource<Range>(range);
  }
}
template <class Range>
using SourceOf = decltype(source_of(std::declval<std::remove_reference_t<Range>&>()));

}  // namespace manta::detail
