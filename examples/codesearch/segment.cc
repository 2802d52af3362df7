#include "segment.h"

#include <limits>
#include <stdexcept>

namespace codesearch {
namespace {

std::uint32_t fit(std::size_t n) {
  if (n > std::numeric_limits<std::uint32_t>::max()) {
    throw std::length_error("codesearch: a shard grew beyond 4 GiB; use more --shards");
  }
  return static_cast<std::uint32_t>(n);
}

}  // namespace

std::span<const Posting> Segment::find(std::string_view word) const {
  std::size_t low = 0;
  for (std::size_t count = word_count(); count > 0;) {
    const std::size_t half = count / 2;
    const bool below = this->word(low + half).text() < word;
    low = below ? low + half + 1 : low;
    count = below ? count - half - 1 : half;
  }
  if (low == word_count() || this->word(low).text() != word) {
    return {};
  }
  return list(low);
}

void DictionaryWriter::clear() {
  words_.clear();
  word_at_.assign(1, 0);
  list_at_.assign(1, 0);
}

void DictionaryWriter::reserve(std::size_t words, std::size_t bytes) {
  words_.reserve(bytes + kPadding);
  word_at_.reserve(words + 1);
  list_at_.reserve(words + 1);
}

void DictionaryWriter::add(std::string_view word, std::size_t postings) {
  words_.insert(words_.end(), word.begin(), word.end());
  word_at_.push_back(fit(words_.size()));
  list_at_.push_back(fit(list_at_.back() + postings));
}

void DictionaryWriter::move_to(Segment& segment) {
  words_.insert(words_.end(), kPadding, '\0');
  segment.words = manta::array_from(words_);
  segment.word_at = manta::array_from(word_at_);
  segment.list_at = manta::array_from(list_at_);
  clear();
}

}  // namespace codesearch
