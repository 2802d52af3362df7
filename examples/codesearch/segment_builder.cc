#include "segment_builder.h"

#include <utility>

#include "word_sort.h"
#include "words.h"

namespace codesearch {

void SegmentBuilder::clear(DocumentId first) {
  first_ = first;
  lengths_.clear();
  table_.clear();
  seen_.clear();
  dictionary_.clear();
  // A new word's value is 0: an entry of no document, so that it never looks like the current one.
  seen_.push_back({0, {~DocumentId{0}, 0}});
}

std::uint32_t SegmentBuilder::add(std::string_view text) {
  const DocumentId document = first_ + static_cast<DocumentId>(lengths_.size());
  std::uint32_t length = 0;
  for_each_word(text, [&](const char* word, std::size_t size) {
    ++length;
    WordTable::Entry& entry = table_.entry(Word(word, size));
    Posting& last = seen_[entry.value].posting;
    if (last.document == document) {
      ++last.count;
      return;
    }
    entry.value = static_cast<std::uint32_t>(seen_.size());
    seen_.push_back({entry.number, {document, 1}});
  });
  lengths_.push_back(length);
  return length;
}

Segment SegmentBuilder::finish() {
  counts_.assign(table_.size(), 0);
  for (std::size_t i = 1; i < seen_.size(); ++i) {
    ++counts_[seen_[i].word];
  }
  for (const std::uint32_t number : alphabetical(table_.entries())) {
    const std::uint32_t begin = dictionary_.postings();
    dictionary_.add(table_.entries()[number].word.text(), counts_[number]);
    counts_[number] = begin;  // from now on: where its next posting goes
  }
  auto postings = manta::uninitialized<Posting>(seen_.size() - 1);
  for (std::size_t i = 1; i < seen_.size(); ++i) {
    postings[counts_[seen_[i].word]++] = seen_[i].posting;
  }
  Segment segment;
  segment.first_document = first_;
  segment.lengths = manta::array_from(lengths_);
  dictionary_.move_to(segment);
  segment.postings = std::move(postings).freeze();
  return segment;
}

}  // namespace codesearch
