#include "bm25.h"

#include <vector>

#include <gtest/gtest.h>

namespace codesearch {
namespace {

TEST(Bm25, CountsARareWordMore) {
  const Corpus corpus{1000, 50000};
  EXPECT_GT(rarity(corpus, 1), rarity(corpus, 10));
  EXPECT_GT(rarity(corpus, 1000), 0.0);
}

TEST(Bm25, CountsAWordMoreInAShortDocumentAndWhereItStandsOften) {
  EXPECT_GT(frequency(1, 10, 50.0), frequency(1, 100, 50.0));
  EXPECT_GT(frequency(2, 50, 50.0), frequency(1, 50, 50.0));
  EXPECT_LT(frequency(1000000, 50, 50.0), 2.2);
}

TEST(Bm25, AnEmptyCorpusHasALength) { EXPECT_GT(Corpus().average_length(), 0.0); }

class RankTest : public ::testing::Test {
 protected:
  RankTest() {
    segment_.first_document = 10;
    segment_.lengths = manta::full<std::uint32_t>(5, 20);
  }
  Ranking ranked(std::vector<WeightedList> lists, std::size_t limit = 10) {
    return rank(segment_, lists, 20.0, limit);
  }
  static std::vector<DocumentId> documents(const Ranking& ranking) {
    std::vector<DocumentId> documents;
    for (const Scored& scored : ranking.best) {
      documents.push_back(scored.document);
    }
    return documents;
  }

  Segment segment_;
  const std::vector<Posting> often_{{10, 1}, {11, 1}, {12, 9}};
  const std::vector<Posting> rare_{{11, 1}, {14, 1}};
};

TEST_F(RankTest, TheBestComeFirstAndEqualOnesInTheirOrder) {
  EXPECT_EQ(documents(ranked({{often_, 1.0}})), (std::vector<DocumentId>{12, 10, 11}));
}

TEST_F(RankTest, ScoresOfSeveralWordsAddUp) {
  EXPECT_EQ(documents(ranked({{often_, 1.0}, {rare_, 3.0}})),
            (std::vector<DocumentId>{11, 14, 12, 10}));
}

TEST_F(RankTest, TheLimitCutsTheListAndNotTheCount) {
  const Ranking ranking = ranked({{often_, 1.0}, {rare_, 3.0}}, 2);
  EXPECT_EQ(documents(ranking), (std::vector<DocumentId>{11, 14}));
  EXPECT_EQ(ranking.matching, 4u);
  EXPECT_TRUE(ranked({}).best.empty());
}

}  // namespace
}  // namespace codesearch
