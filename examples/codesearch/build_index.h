// Builds the index with Manta: the picture of the whole program.
//
//   files --> batches
//              |  a task each                     the texts stay where they were read
//              v                                                  |
//   index_batch   index_batch   index_batch ...                   |
//        \             |             /                            |
//         merge_segments             merge_segments ...           |  references only: no array
//                  \                  /                           |  passes through the driver
//                    merge_segments                               |
//                          |                                      |
//                     Searcher (actor, one per shard) <-----------+
//
// All tasks are submitted at once, each with the references of those before it; which of them runs
// when, and in which worker, is Manta's business.
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

#include <manta/manta.h>

#include "bm25.h"
#include "file_list.h"
#include "index_batch.h"
#include "searcher.h"

namespace codesearch {

// How many segments one task merges: more make fewer copies, fewer make a shorter way to the root.
inline constexpr std::size_t kFanIn = 8;

enum class Progress { kShown, kHidden };

struct BuildOptions {
  std::size_t shards = 1;
  Progress progress = Progress::kShown;
  std::uint64_t batch_bytes = kBatchBytes;
};

struct Index {
  Corpus corpus;
  BatchReport report;                               // of all batches together
  std::vector<manta::ObjectRef<Segment>> segments;  // of each shard
  std::vector<manta::ActorHandle<Searcher>> searchers;
};

// Needs an open session. Returns when the searchers can be asked. Errors: what a task threw.
Index build_index(const FileList& files, const BuildOptions& options);

// The sum of the reports.
BatchReport together(const std::vector<BatchReport>& reports);

}  // namespace codesearch
