#include "snippet.h"

#include <algorithm>
#include <bit>

#include "words.h"

namespace codesearch {
namespace {

struct Candidate {
  std::size_t line_begin = 0;
  std::uint32_t line = 0;
  std::uint64_t words = 0;  // bit i: word i stands in the line
  std::size_t from = 0;     // where the first of them stands
};

// Takes the places of the words in order, and knows the best line so far.
class BestLine {
 public:
  explicit BestLine(std::string_view text) : text_(text) {}

  void add(std::size_t at, std::size_t word) {
    const std::string_view since = text_.substr(counted_, at - counted_);
    const std::size_t newline = since.rfind('\n');
    if (newline != std::string_view::npos || now_.words == 0) {
      line_ += static_cast<std::uint32_t>(std::count(since.begin(), since.end(), '\n'));
      const std::size_t before = at == 0 ? std::string_view::npos : text_.rfind('\n', at - 1);
      now_ = {before == std::string_view::npos ? 0 : before + 1, line_, 0, at};
      counted_ = at;
    }
    now_.words |= std::uint64_t{1} << word;
    if (std::popcount(now_.words) > std::popcount(best_.words)) {
      best_ = now_;
    }
  }
  const Candidate& best() const { return best_; }

 private:
  std::string_view text_;
  std::size_t counted_ = 0;  // up to here the newlines are in line_
  std::uint32_t line_ = 1;
  Candidate now_;
  Candidate best_;
};

// The length of the UTF-8 character at the beginning of `s`; 0 if there is none.
std::size_t character(std::string_view s) {
  const auto lead = static_cast<unsigned char>(s.front());
  const std::size_t length = lead < 0x80                   ? 1
                             : lead >= 0xc2 && lead < 0xe0 ? 2
                             : lead >= 0xe0 && lead < 0xf0 ? 3
                             : lead >= 0xf0 && lead < 0xf5 ? 4
                                                           : 0;
  const auto is_tail = [](char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; };
  const bool whole = length > 0 && length <= s.size() &&
                     std::all_of(s.begin() + 1, s.begin() + std::ptrdiff_t(length), is_tail);
  return whole ? length : 0;
}

bool is_blank(char c) { return static_cast<unsigned char>(c) <= ' '; }

}  // namespace

Snippet find_snippet(std::string_view text, std::span<const std::string> words) {
  const std::size_t known = std::min<std::size_t>(words.size(), 64);
  BestLine best_line(text);
  for_each_word(text, [&](const char* at, std::size_t length) {
    for (std::size_t i = 0; i < known; ++i) {
      if (words[i].size() == length && words[i] == std::string_view(at, length)) {
        best_line.add(static_cast<std::size_t>(at - text.data()), i);
      }
    }
  });
  const Candidate& best = best_line.best();
  if (best.words == 0) {
    return {};
  }
  const std::size_t end = std::min(text.find('\n', best.from), text.size());
  return {best.line, excerpt(text.substr(best.line_begin, end - best.line_begin),
                             best.from - best.line_begin)};
}

std::string excerpt(std::string_view line, std::size_t from) {
  std::size_t begin = 0;
  while (begin < line.size() && is_blank(line[begin])) {
    ++begin;
  }
  while (line.size() > begin && is_blank(line.back())) {
    line.remove_suffix(1);
  }
  if (line.size() - begin <= kSnippetBytes) {
    return printable(line.substr(begin));
  }
  std::string before;
  if (from > begin + kSnippetBytes / 2) {
    begin = std::min(from - kSnippetBytes / 3, line.size() - kSnippetBytes);
    before = "...";
  }
  const bool all = begin + kSnippetBytes == line.size();
  return before + printable(line.substr(begin, kSnippetBytes)) + (all ? "" : "...");
}

std::string printable(std::string_view text) {
  std::string shown;
  while (!text.empty()) {
    const std::size_t length = character(text);
    const bool control = length == 1 && (is_blank(text.front()) || text.front() == 0x7f);
    shown += length == 0 || control ? std::string_view(" ") : text.substr(0, length);
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return shown;
}

}  // namespace codesearch
