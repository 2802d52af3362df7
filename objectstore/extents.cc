#include "extents.h"

#include <algorithm>
#include <string>
#include <utility>

#include "../base/error.h"
#include "../serialization/codec/sequence.h"

namespace manta::detail {
namespace {

std::string text(std::span<const std::size_t> dimensions) {
  std::string text = "(";
  for (const std::size_t n : dimensions) {
    text += (text.size() > 1 ? ", " : "") + std::to_string(n);
  }
  return text + ")";
}

std::size_t product(std::span<const std::size_t> dimensions) {
  std::size_t count = 1;
  for (const std::size_t n : dimensions) count *= n;
  return count;
}

bool has_none(std::span<const std::size_t> dimensions) {
  return std::find(dimensions.begin(), dimensions.end(), 0u) != dimensions.end();
}

// What can be made can also be read, elsewhere.
void check_shape(std::span<const std::size_t> dimensions) {
  if (dimensions.size() > serialization::kMaxDimensions) {
    throw InvalidArgument("array: " + std::to_string(dimensions.size()) + " dimensions; at most " +
                          std::to_string(serialization::kMaxDimensions) + " are supported");
  }
  if (dimensions.size() < 2) return;  // one extent that is too large is refused with its bytes
  if (serialization::has_too_many_elements(dimensions)) {
    throw InvalidArgument("array: the shape " + text(dimensions) +
                          " has more elements than memory has bytes" +
                          (has_none(dimensions) ? ", but for the extents of 0" : ""));
  }
}

}  // namespace

Extents::Extents(std::span<const std::size_t> dimensions) {
  check_shape(dimensions);
  count_ = product(dimensions);
  rank_ = static_cast<std::uint32_t>(dimensions.size());
  if (rank_ > kInline) {
    heap_ = new std::size_t[rank_];
    std::copy(dimensions.begin(), dimensions.end(), heap_);
  } else {
    std::copy(dimensions.begin(), dimensions.end(), inline_);
  }
}

bool operator==(const Extents& a, const Extents& b) {
  return std::equal(a.view().begin(), a.view().end(), b.view().begin(), b.view().end());
}

std::size_t Extents::stride() const { return rank_ == 0 ? 1 : product(view().subspan(1)); }

Extents Extents::slice(std::size_t begin, std::size_t end) const {
  if (rank_ == 0) {
    throw InvalidArgument("array: slice of an array without dimensions");
  }
  if (begin > end || end > (*this)[0]) {
    throw InvalidArgument("array: slice [" + std::to_string(begin) + ", " + std::to_string(end) +
                          ") is outside of the first dimension of " + text(view()));
  }
  Extents part = *this;
  (part.rank_ <= kInline ? part.inline_ : part.heap_)[0] = end - begin;
  part.count_ = product(part.view());
  return part;
}

void Extents::require_same_count(const Extents& other) const {
  if (count_ != other.count_) {
    throw InvalidArgument("array: cannot reshape " + text(view()) + " to " + text(other.view()) +
                          ": " + std::to_string(count_) + " elements are not " +
                          std::to_string(other.count_));
  }
}

void Extents::swap(Extents& other) noexcept {
  std::swap(rank_, other.rank_);
  std::swap(count_, other.count_);
  std::swap(inline_, other.inline_);  // or heap_, which lies in the same place
}

void throw_negative_extent() { throw InvalidArgument("array: a negative number of elements"); }

}  // namespace manta::detail
