// BM25: how well a document answers a query. A word counts more the rarer it is among all documents,
// the more often it stands in this one, and the shorter this one is.
//
//   score = sum over the words of  rarity(word) * frequency(count, length)
//
// k1 = 1.2, b = 0.75, as Lucene has them. Sums are made in the order of the words of the query, so
// that every implementation that does so gets the same bits.
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "segment.h"

namespace codesearch {

struct Corpus {
  std::uint64_t documents = 0;  // indexed ones
  std::uint64_t words = 0;      // their lengths together

  double average_length() const {
    return documents == 0 ? 1.0 : static_cast<double>(words) / static_cast<double>(documents);
  }
};

// Of a word that stands in `frequency` of the documents; above 0.
double rarity(const Corpus& corpus, std::uint64_t frequency);

// Of a word that stands `count` times in a document of `length` words; between 0 and 2.2.
double frequency(std::uint32_t count, std::uint32_t length, double average_length);

struct Scored {
  double score;
  DocumentId document;
  bool operator==(const Scored&) const = default;
};

// Best first; among equals the first document in the list of files.
constexpr bool better(const Scored& a, const Scored& b) {
  return a.score != b.score ? a.score > b.score : a.document < b.document;
}

struct WeightedList {
  std::span<const Posting> postings;
  double rarity;
};

struct Ranking {
  std::uint64_t matching = 0;  // documents that hold any of the words
  std::vector<Scored> best;    // up to `limit` of them
};

// Ranks the documents of one segment.
Ranking rank(const Segment& segment, std::span<const WeightedList> lists, double average_length,
             std::size_t limit);

}  // namespace codesearch
