// A Segment is the index of a range of documents: a handful of arrays. Passing one to a task or an
// actor copies none of their elements.
//
//   words     A t o m i c i n t v o i d . .       alphabetical; word w is the bytes
//   word_at   0           6     9       13          word_at[w] up to word_at[w + 1]
//   list_at   0           1     4       9         and is in the documents
//   postings  {7,1}      {2,1} {7,4} {9,2} ...      postings[list_at[w]] up to list_at[w + 1]
//
// Invariants: words are in alphabetical order, no two are equal; the postings of a word are in the
//             order of their documents; `words` ends with kPadding bytes of no word.
// Units:      a document's length is in words; 0: it was not indexed.
// Limits:     what does not fit 32 bits (4 GiB of different words, 4 G postings): length_error.
#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include <manta/manta.h>

#include "word.h"

namespace codesearch {

using DocumentId = std::uint32_t;  // the place of the file in the sorted list of all files

struct Posting {
  DocumentId document;
  std::uint32_t count;  // how often the word stands there
  bool operator==(const Posting&) const = default;
};

struct Segment {
  DocumentId first_document = 0;
  manta::Array<std::uint32_t> lengths;  // of documents first_document, first_document + 1, ...
  manta::Array<char> words;
  manta::Array<std::uint32_t> word_at;
  manta::Array<std::uint32_t> list_at;
  manta::Array<Posting> postings;

  std::size_t word_count() const { return word_at.size() == 0 ? 0 : word_at.size() - 1; }
  Word word(std::size_t w) const {
    return {words.data() + word_at[w], word_at[w + 1] - word_at[w]};
  }
  std::uint64_t word_head(std::size_t w) const {
    return bytes_in_order(words.data() + word_at[w],
                          std::min<std::size_t>(word_at[w + 1] - word_at[w], 8));
  }
  std::span<const Posting> list(std::size_t w) const {
    return postings.span().subspan(list_at[w], list_at[w + 1] - list_at[w]);
  }
  // The documents that hold `word`; none if it is unknown. Steps: log2(word_count()).
  std::span<const Posting> find(std::string_view word) const;
};

// The dictionary of a segment in the making: words come in alphabetical order, each with the number
// of its postings.
class DictionaryWriter {
 public:
  void clear();
  void reserve(std::size_t words, std::size_t bytes);
  void add(std::string_view word, std::size_t postings);
  std::uint32_t postings() const { return list_at_.back(); }
  void move_to(Segment& segment);  // into arrays of exactly the size; the writer is empty then

 private:
  std::vector<char> words_;
  std::vector<std::uint32_t> word_at_{0};
  std::vector<std::uint32_t> list_at_{0};
};

}  // namespace codesearch
