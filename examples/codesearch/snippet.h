// The line of a document that is shown for a query: the first one that holds most of its words.
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace codesearch {

constexpr std::size_t kSnippetBytes = 100;

struct Snippet {
  std::uint32_t line = 0;  // counted from 1; 0: none of the words is there
  std::string text;        // an excerpt of it
};

// Only the first 64 words are looked for. `text` can be read kPadding bytes beyond its end.
Snippet find_snippet(std::string_view text, std::span<const std::string> words);

// At most kSnippetBytes of a line, printable, without the blanks at its ends; of a longer one the
// part around the byte `from`, with "..." where something was cut off.
std::string excerpt(std::string_view line, std::size_t from);

// What a terminal can show: control characters and bytes that are no UTF-8 become blanks.
std::string printable(std::string_view text);

}  // namespace codesearch
