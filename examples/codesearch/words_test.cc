#include "words.h"

#include <random>

#include <gtest/gtest.h>

#include "plain_index.h"

namespace codesearch {
namespace {

std::vector<std::string> scanned(std::string text) {
  const std::size_t size = text.size();
  text.append(kPadding, 'x');  // word bytes, which must not be taken for a part of the text
  std::vector<std::string> words;
  for_each_word({text.data(), size},
                [&](const char* word, std::size_t length) { words.emplace_back(word, length); });
  return words;
}

TEST(Words, AreRunsOfLettersDigitsAndUnderscores) {
  EXPECT_EQ(scanned("std::unique_lock<mutex> l(m_);"),
            (std::vector<std::string>{"std", "unique_lock", "mutex", "l", "m_"}));
  EXPECT_EQ(scanned("0x1F+a.b-@[`{/:"), (std::vector<std::string>{"0x1F", "a", "b"}));
}

TEST(Words, EveryByteIsOfTheKindThatThePlainDefinitionSays) {
  for (int c = 0; c < 256; ++c) {
    const std::string text = "a" + std::string(1, static_cast<char>(c)) + "b";
    EXPECT_EQ(scanned(text), PlainIndex::words_of(text)) << "byte " << c;
  }
}

TEST(Words, EndWithTheTextWhateverStandsBehind) {
  for (std::size_t size = 0; size < 200; ++size) {
    const std::string word(size, 'w');
    EXPECT_EQ(scanned(word), PlainIndex::words_of(word)) << size;
    EXPECT_EQ(scanned(word + " "), PlainIndex::words_of(word)) << size;
  }
}

TEST(Words, RandomTextsAreCutAsThePlainLoopCutsThem) {
  std::mt19937 random(7);
  constexpr char kBytes[] = "ab_9Z \n.\xc3\xbc";
  for (int round = 0; round < 2000; ++round) {
    std::string text(random() % 300, '\0');
    for (char& c : text) {
      c = kBytes[random() % (sizeof kBytes - 1)];
    }
    ASSERT_EQ(scanned(text), PlainIndex::words_of(text)) << text;
  }
}

TEST(Words, OfAQueryAreTakenOnceInTheirOrder) {
  EXPECT_EQ(words_of_query("  lock, mutex lock"), (std::vector<std::string>{"lock", "mutex"}));
  EXPECT_TRUE(words_of_query("- + ").empty());
  EXPECT_TRUE(words_of_query("").empty());
}

}  // namespace
}  // namespace codesearch
