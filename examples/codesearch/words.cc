#include "words.h"

#include <algorithm>

namespace codesearch {

std::vector<std::string> words_of_query(std::string_view query) {
  std::string padded(query);
  padded.append(kPadding, '\0');
  std::vector<std::string> words;
  for_each_word({padded.data(), query.size()}, [&](const char* word, std::size_t length) {
    std::string found(word, length);
    if (std::find(words.begin(), words.end(), found) == words.end()) {
      words.push_back(std::move(found));
    }
  });
  return words;
}

}  // namespace codesearch
