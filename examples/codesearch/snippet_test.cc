#include "snippet.h"

#include <vector>

#include <gtest/gtest.h>

#include "word.h"

namespace codesearch {
namespace {

Snippet found(std::string text, const std::vector<std::string>& words) {
  const std::size_t size = text.size();
  text.append(kPadding, '\0');
  return find_snippet({text.data(), size}, words);
}

TEST(Snippet, IsTheFirstLineWithMostOfTheWords) {
  const std::string text = "mutex\nlock\n  a mutex and a lock \nlock mutex\n";
  EXPECT_EQ(found(text, {"lock", "mutex"}).line, 3u);
  EXPECT_EQ(found(text, {"lock", "mutex"}).text, "a mutex and a lock");
  EXPECT_EQ(found(text, {"lock"}).line, 2u);
  EXPECT_EQ(found(text, {"mutex"}).line, 1u);
}

TEST(Snippet, WholeWordsCountAndEachOnce) {
  EXPECT_EQ(found("locks locked\nlock lock\nlock key", {"lock", "key"}).line, 3u);
  EXPECT_EQ(found("locks\n", {"lock"}).line, 0u);
}

TEST(Snippet, TheLastLineNeedsNoEnd) {
  EXPECT_EQ(found("a\nb", {"b"}).line, 2u);
  EXPECT_EQ(found("a\nb", {"b"}).text, "b");
  EXPECT_EQ(found("a\r\nb\r\n", {"a"}).text, "a");
}

TEST(Snippet, LongLinesAreCutAroundTheWord) {
  const std::string text = std::string(500, '.') + " needle " + std::string(500, '.');
  const Snippet snippet = found(text, {"needle"});
  EXPECT_NE(snippet.text.find(" needle "), std::string::npos);
  EXPECT_EQ(snippet.text.size(), kSnippetBytes + 6);
  EXPECT_EQ(found("needle " + std::string(500, '.'), {"needle"}).text.find("needle"), 0u);
  EXPECT_NE(found(std::string(500, '.') + " needle", {"needle"}).text.find(" needle"),
            std::string::npos);
}

TEST(Snippet, PrintableHasNoControlsAndIsUtf8) {
  EXPECT_EQ(printable("a\tb\x1b[1m\x7f"), "a b [1m ");
  EXPECT_EQ(printable("gr\xc3\xbc\xc3\x9f"), "gr\xc3\xbc\xc3\x9f");
  EXPECT_EQ(printable("\xfc \xc3"), "   ");
  EXPECT_EQ(printable(""), "");
}

}  // namespace
}  // namespace codesearch
