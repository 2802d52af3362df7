#include "ask.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "words.h"

namespace codesearch {
namespace {

// method(args...) of every searcher, at the same time.
template <class Method, class... Args>
auto call_all(const Index& index, Method method, const Args&... args) {
  std::vector<decltype(index.searchers.front().call(method, args...))> results;
  for (const auto& searcher : index.searchers) {
    results.push_back(searcher.call(method, args...));
  }
  return manta::get(results);
}

std::vector<double> rarities(const Index& index, const std::vector<std::string>& words) {
  std::vector<std::uint64_t> sums(words.size(), 0);
  for (const auto& frequencies : call_all(index, &Searcher::frequencies, words)) {
    std::transform(sums.begin(), sums.end(), frequencies.begin(), sums.begin(), std::plus());
  }
  std::vector<double> rarities;
  for (const std::uint64_t sum : sums) {
    rarities.push_back(rarity(index.corpus, sum));
  }
  return rarities;
}

}  // namespace

Answers ask(const Index& index, std::string_view query, std::size_t limit) {
  Query asked{words_of_query(query), {}, index.corpus.average_length(), limit};
  if (asked.words.empty()) {
    return {};
  }
  asked.rarities = rarities(index, asked.words);
  Answers all;
  for (Answers& answers : call_all(index, &Searcher::search, asked)) {
    all.matching += answers.matching;
    std::move(answers.best.begin(), answers.best.end(), std::back_inserter(all.best));
  }
  std::sort(all.best.begin(), all.best.end(),
            [](const Answer& a, const Answer& b) { return better(a.scored, b.scored); });
  all.best.resize(std::min(limit, all.best.size()));
  return all;
}

std::vector<std::string> files_with(const Index& index, std::string_view word) {
  const std::vector<std::string> words = words_of_query(word);
  std::vector<std::string> all;
  if (words.size() != 1 || words.front() != word) {
    return all;
  }
  for (auto& files : call_all(index, &Searcher::files_with, words.front())) {
    std::move(files.begin(), files.end(), std::back_inserter(all));
  }
  return all;
}

}  // namespace codesearch
