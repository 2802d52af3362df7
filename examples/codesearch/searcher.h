// A Searcher is the actor that holds one shard of the finished index and answers queries about it.
//
//   Searcher  index_   arrays in the store, not copied; held in place as long as the actor lives
//             texts_   likewise: the files as they were read
//             known_   the words asked for so far, with their lists: an unordered_map and a mutex,
//                      which could never be sent anywhere, and need not be
//
// A query takes two calls: how many documents of each shard hold each word, then, with the sums,
// the best documents of each shard. So the ranking is that of one index over all files.
// Threads: any number of calls at once.
#pragma once
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include <manta/manta.h>

#include "bm25.h"
#include "segment.h"
#include "texts.h"

namespace codesearch {

struct Query {
  std::vector<std::string> words;
  std::vector<double> rarities;  // of each word, among the documents of all shards
  double average_length = 1;
  std::size_t limit = 10;
};

struct Answer {
  Scored scored;
  std::string path;
  std::uint32_t line;
  std::string text;
};

struct Answers {
  std::uint64_t matching = 0;  // documents that hold any of the words
  std::vector<Answer> best;    // best first
};

class Searcher {
 public:
  Searcher(Segment index, const std::vector<manta::ObjectRef<Texts>>& texts);

  // How many documents hold each word.
  std::vector<std::uint64_t> frequencies(const std::vector<std::string>& words);
  Answers search(const Query& query);
  std::vector<std::string> files_with(const std::string& word);

 private:
  std::span<const Posting> list(const std::string& word);
  const Texts& texts_of(DocumentId document) const;

  const Segment index_;
  const std::vector<Texts> texts_;  // by first document
  std::mutex mutex_;                // for:
  std::unordered_map<std::string, std::span<const Posting>> known_;
};

}  // namespace codesearch
