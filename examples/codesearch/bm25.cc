#include "bm25.h"

#include <algorithm>
#include <cmath>

namespace codesearch {

double rarity(const Corpus& corpus, std::uint64_t frequency) {
  const auto all = static_cast<double>(corpus.documents);
  const auto with = static_cast<double>(frequency);
  return std::log(1.0 + (all - with + 0.5) / (with + 0.5));
}

double frequency(std::uint32_t count, std::uint32_t length, double average_length) {
  constexpr double kK1 = 1.2;
  constexpr double kB = 0.75;
  const double n = count;
  return n * (kK1 + 1.0) / (n + kK1 * (1.0 - kB + kB * length / average_length));
}

Ranking rank(const Segment& segment, std::span<const WeightedList> lists, double average_length,
             std::size_t limit) {
  std::vector<double> scores(segment.lengths.size(), 0.0);
  for (const WeightedList& list : lists) {
    for (const Posting& posting : list.postings) {
      const std::size_t i = posting.document - segment.first_document;
      scores[i] += list.rarity * frequency(posting.count, segment.lengths[i], average_length);
    }
  }
  Ranking ranking;
  for (std::size_t i = 0; i < scores.size(); ++i) {
    if (scores[i] > 0.0) {
      const auto document = segment.first_document + static_cast<DocumentId>(i);
      ranking.best.push_back({scores[i], document});
    }
  }
  ranking.matching = ranking.best.size();
  const std::size_t kept = std::min(limit, ranking.best.size());
  std::partial_sort(ranking.best.begin(), ranking.best.begin() + static_cast<std::ptrdiff_t>(kept),
                    ranking.best.end(), better);
  ranking.best.resize(kept);
  return ranking;
}

}  // namespace codesearch
