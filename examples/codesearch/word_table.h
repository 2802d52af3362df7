// A WordTable numbers the different words of some texts in the order in which they first appear, and
// keeps one integer for each: an open hash table whose slots hold the key of the word, so that a
// lookup of up to sixteen bytes compares integers and nothing else.
//
//   slots    . {void} . . {int} {main} . .       at the high bits of the hash, or behind
//   entries  0: int  1: main  2: void            by number
//
// The words are not copied: their texts must stay until the next clear(). Threads: one.
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

#include "word.h"

namespace codesearch {

class WordTable {
 public:
  struct Entry {
    Word word;
    std::uint32_t number;
    std::uint32_t value;  // the caller's; 0 in a new entry
  };

  WordTable() : slots_(kFewestSlots) {}
  void clear();  // keeps the memory

  // The entry of `word`, made if there is none; valid until the next call.
  Entry& entry(const Word& word) {
    const std::uint64_t hash = word.hash();
    std::size_t at = home(hash);
    for (; slots_[at].length != 0; at = (at + 1) & (slots_.size() - 1)) {
      const Slot& slot = slots_[at];
      if (((slot.head ^ word.head()) | (slot.tail ^ word.tail()) | (slot.length ^ word.size())) ==
              0 &&
          (word.size() <= Word::kKeyBytes || entries_[slot.number].word.rest() == word.rest())) {
        return entries_[slot.number];
      }
    }
    return insert(word, at);
  }

  std::size_t size() const { return entries_.size(); }
  const std::vector<Entry>& entries() const { return entries_; }

 private:
  struct Slot {
    std::uint64_t head = 0;
    std::uint64_t tail = 0;
    std::uint32_t length = 0;  // 0: free
    std::uint32_t number = 0;
  };
  static constexpr int kFewestBits = 12;
  static constexpr std::size_t kFewestSlots = std::size_t{1} << kFewestBits;

  std::size_t home(std::uint64_t hash) const { return static_cast<std::size_t>(hash >> shift_); }
  Entry& insert(const Word& word, std::size_t at);
  void grow();

  std::vector<Slot> slots_;  // 2 to the power of 64 - shift_, at most half of them used
  int shift_ = 64 - kFewestBits;
  std::vector<Entry> entries_;
};

}  // namespace codesearch
