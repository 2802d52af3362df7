#include "segment.h"

#include <deque>
#include <map>
#include <random>
#include <string>

#include <gtest/gtest.h>

#include "merge.h"
#include "segment_builder.h"
#include "words.h"

namespace codesearch {
namespace {

using Lists = std::map<std::string, std::vector<Posting>>;

Lists lists_of(const Segment& segment) {
  Lists lists;
  for (std::size_t w = 0; w < segment.word_count(); ++w) {
    const auto list = segment.list(w);
    const auto [at, is_new] = lists.emplace(segment.word(w).text(), std::vector<Posting>());
    EXPECT_TRUE(is_new && std::next(at) == lists.end()) << "not in order: " << at->first;
    at->second.assign(list.begin(), list.end());
  }
  return lists;
}

class SegmentTest : public ::testing::Test {
 protected:
  Segment built(DocumentId first, const std::vector<std::string>& documents) {
    SegmentBuilder builder(first);
    for (const std::string& document : documents) {
      if (document.empty()) {
        builder.add_missing();
      } else {
        const std::string& kept = texts_.emplace_back(document + std::string(kPadding, '\0'));
        builder.add({kept.data(), document.size()});
      }
    }
    return builder.finish();
  }
  std::vector<std::string> random_documents(std::size_t n) {
    std::vector<std::string> documents(n);
    for (std::string& document : documents) {
      for (std::size_t words = random_() % 30; words > 0; --words) {
        const auto word = std::to_string(random_() % 200);
        document += (random_() % 2 == 0 ? "a_word_with_a_long_beginning_" : "w") + word + " ";
      }
    }
    return documents;
  }

  std::mt19937 random_{13};
  std::deque<std::string> texts_;
};

TEST_F(SegmentTest, HoldsEachWordWithItsDocumentsAndCounts) {
  const Segment segment = built(7, {"int main() { int i; }", "", "void main2; int"});
  EXPECT_EQ(lists_of(segment), (Lists{{"i", {{7, 1}}},
                                      {"int", {{7, 2}, {9, 1}}},
                                      {"main", {{7, 1}}},
                                      {"main2", {{9, 1}}},
                                      {"void", {{9, 1}}}}));
  EXPECT_EQ(std::vector(segment.lengths.begin(), segment.lengths.end()),
            (std::vector<std::uint32_t>{4, 0, 3}));
}

TEST_F(SegmentTest, FindsItsWordsAndNoOthers) {
  const Segment segment = built(0, {"b d d f"});
  EXPECT_EQ(segment.find("d").size(), 1u);
  EXPECT_EQ(segment.find("d").front(), (Posting{0, 2}));
  for (const char* word : {"", "a", "c", "dd", "e", "g"}) {
    EXPECT_TRUE(segment.find(word).empty()) << word;
  }
  EXPECT_TRUE(Segment().find("a").empty());
}

TEST_F(SegmentTest, MergedSegmentsAreTheSegmentOfAllDocuments) {
  for (int round = 0; round < 50; ++round) {
    std::vector<std::string> all;
    std::vector<Segment> parts;
    for (std::size_t n = 1 + random_() % 12; n > 0; --n) {
      const std::vector<std::string> documents = random_documents(random_() % 6);
      parts.push_back(built(static_cast<DocumentId>(all.size()), documents));
      all.insert(all.end(), documents.begin(), documents.end());
    }
    const Segment merged = merge(parts);
    const Segment expected = built(0, all);
    EXPECT_EQ(lists_of(merged), lists_of(expected));
    EXPECT_EQ(merged.lengths, expected.lengths);
    EXPECT_EQ(count_words(parts), expected.word_count());
  }
}

TEST_F(SegmentTest, AGapBetweenMergedSegmentsCountsAsNotIndexed) {
  const Segment merged = merge(std::vector{built(2, {"a"}), built(5, {"b a"})});
  EXPECT_EQ(merged.first_document, 2u);
  EXPECT_EQ(std::vector(merged.lengths.begin(), merged.lengths.end()),
            (std::vector<std::uint32_t>{1, 0, 0, 2}));
}

TEST_F(SegmentTest, NothingMergedIsNothing) {
  EXPECT_EQ(merge({}).word_count(), 0u);
  EXPECT_EQ(merge(std::vector{built(0, {})}).word_count(), 0u);
  EXPECT_EQ(count_words({}), 0u);
}

TEST_F(SegmentTest, ABuilderIsAsNewWhenCleared) {
  SegmentBuilder builder(0);
  const std::string text = "a b" + std::string(kPadding, '\0');
  builder.add({text.data(), 3});
  builder.finish();
  builder.clear(4);
  builder.add({text.data(), 1});
  EXPECT_EQ(lists_of(builder.finish()), (Lists{{"a", {{4, 1}}}}));
}

}  // namespace
}  // namespace codesearch
