// What the program prints: the summary and the answers.
#pragma once
#include <cstddef>
#include <cstdint>
#include <iosfwd>
#include <optional>
#include <string_view>
#include <vector>

#include "index_batch.h"
#include "searcher.h"
#include "skipped.h"

namespace codesearch {

struct Figures {
  BatchReport report;
  std::vector<Skipped> skipped;  // all, in any order
  std::uint64_t different_words = 0;
  std::uint64_t postings = 0;
  std::size_t shards = 0;
  std::size_t workers = 0;
  double start_seconds = 0;  // of the session
  double build_seconds = 0;
  std::optional<double> one_worker_seconds;  // empty: not measured
  std::optional<double> plain_seconds;
};

void print_summary(std::ostream& out, Figures figures);
void print_answers(std::ostream& out, std::string_view query, const Answers& answers,
                   double seconds);

}  // namespace codesearch
