#include "word_table.h"

#include <algorithm>

namespace codesearch {

void WordTable::clear() {
  std::fill(slots_.begin(), slots_.end(), Slot{});
  entries_.clear();
}

WordTable::Entry& WordTable::insert(const Word& word, std::size_t at) {
  if (2 * (entries_.size() + 1) > slots_.size()) {
    grow();
    return entry(word);
  }
  const auto number = static_cast<std::uint32_t>(entries_.size());
  slots_[at] = {word.head(), word.tail(), word.size(), number};
  return entries_.emplace_back(Entry{word, number, 0});
}

void WordTable::grow() {
  std::vector<Slot> old(2 * slots_.size());
  old.swap(slots_);
  --shift_;
  for (const Slot& slot : old) {
    if (slot.length != 0) {
      std::size_t at = home(entries_[slot.number].word.hash());
      while (slots_[at].length != 0) {
        at = (at + 1) & (slots_.size() - 1);
      }
      slots_[at] = slot;
    }
  }
}

}  // namespace codesearch
