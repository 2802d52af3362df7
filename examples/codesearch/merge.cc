#include "merge.h"

#include <algorithm>
#include <numeric>
#include <utility>
#include <vector>

namespace codesearch {
namespace {

// Stands at one word of each segment. The heads of the words are kept side by side, so that the
// alphabetically first ones are mostly found without looking at a word.
class Cursors {
 public:
  explicit Cursors(std::span<const Segment> segments)
      : segments_(segments), at_(segments.size(), 0), heads_(segments.size(), kEnd) {
    for (std::size_t i = 0; i < segments.size(); ++i) {
      read_head(i);
    }
  }

  // Finds the segments that stand at the alphabetically first word; false at the end.
  bool find() {
    std::uint64_t head = kEnd;
    for (const std::uint64_t other : heads_) {
      head = other < head ? other : head;
    }
    found_.clear();
    if (head == kEnd) {
      return false;
    }
    for (std::size_t i = 0; i < heads_.size(); ++i) {
      if (heads_[i] == head) {
        found_.push_back(i);
      }
    }
    if (found_.size() > 1 && (head & 0xff) != 0) {  // eight bytes are alike: perhaps not the rest
      keep_first_words();
    }
    return true;
  }
  const std::vector<std::size_t>& found() const { return found_; }  // in the segments' order

  Word word(std::size_t i) const { return segments_[i].word(at_[i]); }
  std::span<const Posting> list(std::size_t i) const { return segments_[i].list(at_[i]); }

  void step() {  // past the found word
    for (const std::size_t i : found_) {
      ++at_[i];
      read_head(i);
    }
  }

 private:
  static constexpr std::uint64_t kEnd = ~std::uint64_t{0};  // above all words: they are ASCII

  void read_head(std::size_t i) {
    heads_[i] = at_[i] < segments_[i].word_count() ? segments_[i].word_head(at_[i]) : kEnd;
  }

  void keep_first_words() {
    Word first = word(found_.front());
    std::size_t kept = 1;
    for (std::size_t n = 1; n < found_.size(); ++n) {
      const Word other = word(found_[n]);
      if (other < first) {
        first = other;
        kept = 0;
      }
      if (other == first) {
        found_[kept++] = found_[n];
      }
    }
    found_.resize(kept);
  }

  std::span<const Segment> segments_;
  std::vector<std::size_t> at_;       // by segment: the word it stands at
  std::vector<std::uint64_t> heads_;  // by segment: that word's head, kEnd at the end
  std::vector<std::size_t> found_;
};

template <class Size>
std::size_t sum(std::span<const Segment> segments, Size size) {
  return std::accumulate(segments.begin(), segments.end(), std::size_t{0},
                         [&](std::size_t n, const Segment& s) { return n + size(s); });
}

manta::Array<std::uint32_t> join_lengths(std::span<const Segment> segments) {
  const DocumentId first = segments.front().first_document;
  const Segment& last = segments.back();
  auto lengths = manta::zeros<std::uint32_t>(last.first_document - first + last.lengths.size());
  for (const Segment& segment : segments) {
    std::copy(segment.lengths.begin(), segment.lengths.end(),
              lengths.begin() + (segment.first_document - first));
  }
  return std::move(lengths).freeze();
}

}  // namespace

Segment merge(std::span<const Segment> segments) {
  Segment merged;
  if (segments.empty()) {
    return merged;
  }
  merged.first_document = segments.front().first_document;
  merged.lengths = join_lengths(segments);
  auto postings = manta::uninitialized<Posting>(
      sum(segments, [](const Segment& s) { return s.postings.size(); }));
  DictionaryWriter dictionary;
  dictionary.reserve(sum(segments, [](const Segment& s) { return s.word_count(); }),
                     sum(segments, [](const Segment& s) { return s.words.size(); }));
  Posting* to = postings.data();
  for (Cursors cursors(segments); cursors.find(); cursors.step()) {
    const Posting* const begin = to;
    for (const std::size_t i : cursors.found()) {
      for (const Posting& posting : cursors.list(i)) {
        *to++ = posting;
      }
    }
    dictionary.add(cursors.word(cursors.found().front()).text(),
                   static_cast<std::size_t>(to - begin));
  }
  dictionary.move_to(merged);
  merged.postings = std::move(postings).freeze();
  return merged;
}

std::size_t count_words(std::span<const Segment> segments) {
  std::size_t count = 0;
  for (Cursors cursors(segments); cursors.find(); cursors.step()) {
    ++count;
  }
  return count;
}

}  // namespace codesearch
