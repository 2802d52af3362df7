// The functions that build the index. Plain functions: run by tasks in worker processes, or in a
// loop by a program without Manta.
//
//   Batch (paths)  --index_batch-->  Segment  -+
//                                    Segment  --merge_segments-->  Segment  (in a tree)
//                                    Texts, BatchReport
#pragma once
#include <cstddef>
#include <cstdint>
#include <tuple>
#include <vector>

#include "file_list.h"
#include "segment.h"
#include "skipped.h"
#include "texts.h"

namespace codesearch {

struct BatchReport {
  std::uint64_t files = 0;  // indexed
  std::uint64_t bytes = 0;
  std::uint64_t words = 0;
  std::vector<Skipped> skipped;
};

std::tuple<Segment, Texts, BatchReport> index_batch(const Batch& batch);
Segment merge_segments(const std::vector<Segment>& segments);
std::uint64_t count_different_words(const std::vector<Segment>& segments);

}  // namespace codesearch
