#include "plain_index.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <set>

#include "word_bits.h"

namespace codesearch {

std::vector<std::string> PlainIndex::words_of(const std::string& text) {
  std::vector<std::string> words(1);
  for (const char c : text) {
    if (is_word_byte(c)) {
      words.back() += c;
    } else if (!words.back().empty()) {
      words.emplace_back();
    }
  }
  if (words.back().empty()) {
    words.pop_back();
  }
  return words;
}

PlainIndex::PlainIndex(const std::vector<std::string>& paths) : paths_(paths) {
  for (std::size_t document = 0; document < paths_.size(); ++document) {
    std::ifstream file(paths_[document], std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    lengths_.push_back(0);
    if (text.empty() || text.find('\0') != std::string::npos) {
      continue;
    }
    ++corpus_.documents;
    for (const std::string& word : words_of(text)) {
      ++lists_[word][document];
      ++lengths_.back();
      ++corpus_.words;
    }
  }
}

std::vector<std::pair<double, std::string>> PlainIndex::ask(const std::string& query,
                                                            std::size_t limit) const {
  std::map<std::size_t, double> scores;
  std::set<std::string> asked;
  for (const std::string& word : words_of(query)) {
    const auto list = lists_.find(word);
    if (list == lists_.end() || !asked.insert(word).second) {
      continue;
    }
    const double weight = rarity(corpus_, list->second.size());
    for (const auto& [document, count] : list->second) {
      scores[document] += weight * frequency(count, lengths_[document], corpus_.average_length());
    }
  }
  std::vector<std::pair<double, std::string>> answers;
  for (const auto& [document, score] : scores) {
    answers.emplace_back(score, paths_[document]);
  }
  std::stable_sort(answers.begin(), answers.end(),
                   [](const auto& a, const auto& b) { return a.first > b.first; });
  answers.resize(std::min(limit, answers.size()));
  return answers;
}

std::vector<std::string> PlainIndex::files_with(const std::string& word) const {
  std::vector<std::string> files;
  if (const auto list = lists_.find(word); list != lists_.end()) {
    for (const auto& [document, count] : list->second) {
      files.push_back(paths_[document]);
    }
  }
  return files;
}

}  // namespace codesearch
