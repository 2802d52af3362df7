#include "word_table.h"

#include <algorithm>
#include <deque>
#include <map>
#include <random>
#include <string>

#include <gtest/gtest.h>

#include "word_sort.h"

namespace codesearch {
namespace {

// Words with a tail that can be read, at addresses that stay.
class WordTableTest : public ::testing::Test {
 protected:
  Word word(const std::string& text) {
    const std::string& kept = texts_.emplace_back(text + std::string(kPadding, 'x'));
    return {kept.data(), text.size()};
  }
  // Of letters that make many words begin alike.
  std::string random_text() {
    std::string text(1 + random_() % 40, 'a');
    for (char& c : text) {
      c = random_() % 8 == 0 ? "b_Z0"[random_() % 4] : 'a';
    }
    return text;
  }

  std::mt19937 random_{11};
  std::deque<std::string> texts_;
};

TEST_F(WordTableTest, WordsAreOrderedAsTheirTexts) {
  for (int round = 0; round < 20000; ++round) {
    const std::string a = random_text();
    const std::string b = random_text();
    ASSERT_EQ(word(a) < word(b), a < b) << a << " " << b;
    ASSERT_EQ(word(a) == word(b), a == b) << a << " " << b;
  }
}

TEST_F(WordTableTest, EqualWordsShareAnEntryAndOthersDoNot) {
  WordTable table;
  std::map<std::string, std::uint32_t> expected;
  for (int round = 0; round < 50000; ++round) {
    const std::string text = random_text();
    WordTable::Entry& entry = table.entry(word(text));
    EXPECT_EQ(entry.value, expected[text]) << text;
    entry.value = ++expected[text];
  }
  ASSERT_EQ(table.size(), expected.size());
  for (const WordTable::Entry& entry : table.entries()) {
    EXPECT_EQ(entry.value, expected[std::string(entry.word.text())]);
  }
}

TEST_F(WordTableTest, NumbersFollowTheFirstAppearance) {
  WordTable table;
  EXPECT_EQ(table.entry(word("b")).number, 0u);
  EXPECT_EQ(table.entry(word("a")).number, 1u);
  EXPECT_EQ(table.entry(word("b")).number, 0u);
  table.clear();
  EXPECT_EQ(table.entry(word("a")).number, 0u);
  EXPECT_EQ(table.size(), 1u);
}

TEST_F(WordTableTest, AlphabeticalGivesTheOrderOfTheTexts) {
  WordTable table;
  for (int i = 0; i < 5000; ++i) {
    table.entry(word(random_text()));
  }
  std::vector<std::string> expected;
  for (const WordTable::Entry& entry : table.entries()) {
    expected.emplace_back(entry.word.text());
  }
  std::sort(expected.begin(), expected.end());
  std::vector<std::string> sorted;
  for (const std::uint32_t number : alphabetical(table.entries())) {
    sorted.emplace_back(table.entries()[number].word.text());
  }
  EXPECT_EQ(sorted, expected);
  EXPECT_TRUE(alphabetical({}).empty());
}

}  // namespace
}  // namespace codesearch
