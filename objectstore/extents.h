// Extents are the shape of an array and the number of its elements. Up to three dimensions take no memory outside.
//
// Invariant: count() is the product of the dimensions; a shape without dimensions is that of one element.
// Errors: InvalidArgument with the reason. Threads: a value like any other.
#pragma once
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include "../base/build_settings.h"

namespace manta::detail {

class Extents {
 public:
  Extents() = default;  // one dimension of nothing
  explicit Extents(std::span<const std::size_t> dimensions);
  explicit Extents(std::size_t n) : count_(n), inline_{n} {}
  Extents(const Extents& other) : Extents(other.view()) {}
  Extents(Extents&& other) noexcept : rank_(other.rank_), count_(other.count_) {
    std::memcpy(inline_, other.inline_, sizeof inline_);  // or heap_, which lies in the same place
    other.rank_ = 1;
    other.count_ = 0;
    other.inline_[0] = 0;
  }
  Extents& operator=(Extents other) noexcept { return swap(other), *this; }
  ~Extents() {
    if (rank_ > kInline) {
      delete[] heap_;
    }
  }

  std::size_t count() const { return count_; }
  std::size_t rank() const { return rank_; }
  std::span<const std::size_t> view() const { return {data(), rank_}; }
  std::size_t operator[](std::size_t dimension) const { return data()[dimension]; }
  friend bool operator==(const Extents& a, const Extents& b);

  // The shape of [begin, end) of the first dimension. InvalidArgument if that is not inside it.
  Extents slice(std::size_t begin, std::size_t end) const;
  // The number of elements in one step of the first dimension.
  std::size_t stride() const;
  // InvalidArgument unless both have the same count.
  void require_same_count(const Extents& other) const;

  void swap(Extents& other) noexcept;

 private:
  static constexpr std::uint32_t kInline = 3;
  const std::size_t* data() const { return rank_ <= kInline ? inline_ : heap_; }

  std::uint32_t rank_ = 1;
  std::size_t count_ = 0;
  union {
    std::size_t inline_[kInline] = {};
    std::size_t* heap_;
  };
};

[[noreturn]] void throw_negative_extent();

// A dimension from an integer of any kind. InvalidArgument if it is negative.
template <std::integral I>
constexpr std::size_t extent(I n) {
  if constexpr (std::signed_integral<I>) {
    if (n < 0) {
      throw_negative_extent();
    }
  }
  return static_cast<std::size_t>(n);
}

}  // namespace manta::detail
