// What a word is: a longest run of letters, digits and '_' of ASCII, as it is written (case counts).
//
//   "std::unique_lock<mutex> l(m_);"  -->  std  unique_lock  mutex  l  m_
//
// So a file contains the word W exactly when `LC_ALL=C grep -w W` finds a line in it.
#pragma once
#include <bit>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "word.h"
#include "word_bits.h"

namespace codesearch {

// Calls f(first byte, length) for each word of `text`, in order. Reads up to kPadding bytes beyond.
template <class F>
void for_each_word(std::string_view text, F&& f) {
  std::uint64_t inside = 0;  // 1 while a word has begun and not ended
  std::size_t begin = 0;
  for (std::size_t at = 0; at < text.size(); at += kBitsPerStep) {
    std::uint64_t bits = word_bits(text.data() + at);
    if (text.size() - at < kBitsPerStep) {
      bits &= (std::uint64_t{1} << (text.size() - at)) - 1;
    }
    // An edge is a byte of another kind than the byte before: words begin and end there by turns.
    for (std::uint64_t edges = bits ^ (bits << 1 | inside); edges != 0; edges &= edges - 1) {
      const std::size_t edge = at + static_cast<std::size_t>(std::countr_zero(edges));
      if (inside != 0) {
        f(text.data() + begin, edge - begin);
      }
      begin = edge;
      inside ^= 1;
    }
  }
  if (inside != 0) {
    f(text.data() + begin, text.size() - begin);
  }
}

// The different words of a query, in the order in which they first stand there.
std::vector<std::string> words_of_query(std::string_view query);

}  // namespace codesearch
