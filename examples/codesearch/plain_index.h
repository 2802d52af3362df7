// The same search engine in the plainest way: one thread, maps and strings, byte by byte. It shares
// with the fast one only the definition of a word's byte and the formula of BM25, and is what the
// tests hold the fast one against.
#pragma once
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "bm25.h"

namespace codesearch {

class PlainIndex {
 public:
  // The files that can be read, are not empty and have no 0 byte.
  explicit PlainIndex(const std::vector<std::string>& paths);

  // Score and path of each.
  std::vector<std::pair<double, std::string>> ask(const std::string& query,
                                                  std::size_t limit = 10) const;
  std::vector<std::string> files_with(const std::string& word) const;
  std::size_t different_words() const { return lists_.size(); }
  const Corpus& corpus() const { return corpus_; }

  static std::vector<std::string> words_of(const std::string& text);

 private:
  Corpus corpus_;
  std::vector<std::string> paths_;
  std::vector<std::uint32_t> lengths_;                                 // by document
  std::map<std::string, std::map<std::size_t, std::uint32_t>> lists_;  // word, document, count
};

}  // namespace codesearch
