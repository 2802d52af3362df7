#include "searcher.h"

#include <algorithm>
#include <utility>

#include "snippet.h"

namespace codesearch {

constexpr std::size_t kKnownWords = 100'000;  // then known_ begins anew

Searcher::Searcher(Segment index, const std::vector<manta::ObjectRef<Texts>>& texts)
    : index_(std::move(index)), texts_(manta::get(texts)) {}

std::span<const Posting> Searcher::list(const std::string& word) {
  std::lock_guard lock(mutex_);
  const auto known = known_.find(word);
  if (known != known_.end()) {
    return known->second;
  }
  if (known_.size() == kKnownWords) {
    known_.clear();
  }
  return known_.emplace(word, index_.find(word)).first->second;
}

const Texts& Searcher::texts_of(DocumentId document) const {
  const auto after =
      std::upper_bound(texts_.begin(), texts_.end(), document,
                       [](DocumentId id, const Texts& texts) { return id < texts.first_document; });
  return *std::prev(after);
}

std::vector<std::uint64_t> Searcher::frequencies(const std::vector<std::string>& words) {
  std::vector<std::uint64_t> frequencies;
  for (const std::string& word : words) {
    frequencies.push_back(list(word).size());
  }
  return frequencies;
}

Answers Searcher::search(const Query& query) {
  std::vector<WeightedList> lists;
  for (std::size_t i = 0; i < query.words.size(); ++i) {
    lists.push_back({list(query.words[i]), query.rarities[i]});
  }
  const Ranking ranking = rank(index_, lists, query.average_length, query.limit);
  Answers answers{ranking.matching, {}};
  for (const Scored& scored : ranking.best) {
    const Texts& texts = texts_of(scored.document);
    Snippet snippet = find_snippet(texts.text(scored.document), query.words);
    answers.best.push_back(
        {scored, texts.path(scored.document), snippet.line, std::move(snippet.text)});
  }
  return answers;
}

std::vector<std::string> Searcher::files_with(const std::string& word) {
  std::vector<std::string> files;
  for (const Posting& posting : list(word)) {
    files.push_back(texts_of(posting.document).path(posting.document));
  }
  return files;
}

}  // namespace codesearch
