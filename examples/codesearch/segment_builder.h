// A SegmentBuilder turns texts into a Segment.
//
//   add(text of document 7)  add(text of 8)  ...  finish()
//
//   seen   {int,7,1} {main,7,1} {int,8,3} ...     one entry per word and document, in order of time
//   then   words sorted, entries moved to the lists of their words (a counting sort)
//
// Nothing is allocated per word or per entry; clear() keeps the memory for the next batch.
// The texts must stay where they are until finish(). Threads: one.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "segment.h"
#include "word_table.h"

namespace codesearch {

class SegmentBuilder {
 public:
  // Documents are added from `first` on, without gaps.
  explicit SegmentBuilder(DocumentId first = 0) { clear(first); }
  void clear(DocumentId first);

  // The next document. `text` can be read kPadding bytes beyond its end. Returns its words.
  std::uint32_t add(std::string_view text);
  void add_missing() { lengths_.push_back(0); }  // its number is taken, it is not indexed

  Segment finish();  // clear() before the next use

 private:
  struct Seen {
    std::uint32_t word;  // number in the table
    Posting posting;
  };

  DocumentId first_ = 0;
  std::vector<std::uint32_t> lengths_;
  WordTable table_;  // value: the place in seen_ of the word's last entry
  std::vector<Seen> seen_;
  std::vector<std::uint32_t> counts_;  // scratch of finish()
  DictionaryWriter dictionary_;
};

}  // namespace codesearch
