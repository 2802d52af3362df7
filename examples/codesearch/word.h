// A Word is a piece of text with its first sixteen bytes in two integers, which order as the text
// does and, up to sixteen bytes, are all of it: most comparisons touch no text.
//
//   "uint"            head 75696e7400000000  tail 0000000000000000
//   "uint_least8_t"   head 75696e745f6c6561  tail 7374385f74000000
//
// Bytes of words are never 0, so the zeros behind a short word cannot be taken for more of it.
// The text is not owned, and can be read kPadding bytes beyond its end.
#pragma once
#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace codesearch {

// How far texts that are scanned can be read beyond their end.
constexpr std::size_t kPadding = 64;

// The `length` (up to eight) bytes at p, the first one most significant, then zeros.
inline std::uint64_t bytes_in_order(const char* p, std::size_t length) {
  static constexpr auto kMask = [] {
    std::array<std::uint64_t, 9> mask{};
    for (std::size_t n = 1; n < mask.size(); ++n) {
      mask[n] = ~std::uint64_t{0} << (64 - 8 * n);
    }
    return mask;
  }();
  std::uint64_t bytes = 0;
  std::memcpy(&bytes, p, sizeof bytes);
  if constexpr (std::endian::native == std::endian::little) {
    bytes = __builtin_bswap64(bytes);
  }
  return bytes & kMask[length];
}

class Word {
 public:
  static constexpr std::size_t kKeyBytes = 16;

  Word() = default;
  Word(const char* text, std::size_t length)
      : head_(bytes_in_order(text, std::min<std::size_t>(length, 8))),
        tail_(bytes_in_order(text + 8, std::clamp<std::size_t>(length, 8, kKeyBytes) - 8)),
        text_(text),
        length_(static_cast<std::uint32_t>(length)) {}

  std::uint64_t head() const { return head_; }
  std::uint64_t tail() const { return tail_; }
  std::string_view text() const { return {text_, length_}; }
  std::uint32_t size() const { return length_; }
  std::string_view rest() const {  // behind the sixteen bytes
    return length_ > kKeyBytes ? std::string_view(text_ + kKeyBytes, length_ - kKeyBytes)
                               : std::string_view();
  }

  bool operator==(const Word& other) const {
    return ((head_ ^ other.head_) | (tail_ ^ other.tail_) | (length_ ^ other.length_)) == 0 &&
           (length_ <= kKeyBytes || rest() == other.rest());
  }
  bool operator<(const Word& other) const {  // alphabetical
    if (head_ != other.head_) {
      return head_ < other.head_;
    }
    return tail_ != other.tail_ ? tail_ < other.tail_ : rest() < other.rest();
  }

  std::uint64_t hash() const {  // the high bits are the best
    constexpr std::uint64_t kOdd = 0x9e3779b97f4a7c15;
    std::uint64_t hash = head_ * kOdd;
    hash = (hash ^ hash >> 32 ^ tail_) * kOdd;
    for (std::size_t i = kKeyBytes; i < length_; i += 8) {
      const std::size_t left = std::min<std::size_t>(length_ - i, 8);
      hash = (std::rotl(hash, 29) ^ bytes_in_order(text_ + i, left)) * kOdd;
    }
    return hash;
  }

 private:
  std::uint64_t head_ = 0;
  std::uint64_t tail_ = 0;
  const char* text_ = nullptr;
  std::uint32_t length_ = 0;
};

}  // namespace codesearch
