#include "build_index.h"

#include <algorithm>
#include <span>
#include <utility>

namespace codesearch {
namespace {

using SegmentRef = manta::ObjectRef<Segment>;
using TextsRef = manta::ObjectRef<Texts>;
using ReportRef = manta::ObjectRef<BatchReport>;

// What is on its way.
struct Shard {
  std::span<const Batch> batches;  // neighbours
  std::vector<SegmentRef> segments;
  std::vector<TextsRef> texts;
};

std::vector<Shard> divide(const std::vector<Batch>& batches, std::size_t shards) {
  std::vector<Shard> divided;
  const std::size_t n =
      std::clamp<std::size_t>(shards, 1, std::max<std::size_t>(batches.size(), 1));
  for (std::size_t s = 0; s < n; ++s) {
    const std::size_t begin = batches.size() * s / n;
    const std::size_t end = batches.size() * (s + 1) / n;
    divided.push_back({std::span(batches).subspan(begin, end - begin), {}, {}});
  }
  return divided;
}

// One level of the tree: each group of neighbours becomes one.
std::vector<SegmentRef> merge_groups(const std::vector<SegmentRef>& segments) {
  std::vector<SegmentRef> merged;
  for (auto from = segments.begin(); from != segments.end();) {
    const auto to = from + std::min(segments.end() - from, static_cast<std::ptrdiff_t>(kFanIn));
    const bool alone = to - from == 1;
    merged.push_back(alone ? *from
                           : manta::remote(merge_segments)(std::vector<SegmentRef>(from, to)));
    from = to;
  }
  return merged;
}

SegmentRef merge_all(std::vector<SegmentRef> segments) {
  if (segments.empty()) {
    return manta::put(Segment());
  }
  while (segments.size() > 1) {
    segments = merge_groups(segments);
  }
  return segments.front();
}

// By turns, so that all shards are finished at about the same time.
std::vector<ReportRef> submit_batches(std::vector<Shard>& shards) {
  std::vector<ReportRef> reports;
  const auto read = manta::remote(index_batch).unpack();
  for (std::size_t i = 0;; ++i) {
    const std::size_t before = reports.size();
    for (Shard& shard : shards) {
      if (i < shard.batches.size()) {
        auto [segment, texts, report] = read(shard.batches[i]);
        shard.segments.push_back(std::move(segment));
        shard.texts.push_back(std::move(texts));
        reports.push_back(std::move(report));
      }
    }
    if (reports.size() == before) {
      return reports;
    }
  }
}

}  // namespace

BatchReport together(const std::vector<BatchReport>& reports) {
  BatchReport sum;
  for (const BatchReport& report : reports) {
    sum.files += report.files;
    sum.bytes += report.bytes;
    sum.words += report.words;
    sum.skipped.insert(sum.skipped.end(), report.skipped.begin(), report.skipped.end());
  }
  return sum;
}

Index build_index(const FileList& files, const BuildOptions& options) {
  const std::vector<Batch> batches = make_batches(files.files, options.batch_bytes);
  std::vector<Shard> shards = divide(batches, options.shards);
  const std::vector<ReportRef> reports = submit_batches(shards);
  Index index;
  std::vector<manta::ObjectRef<void>> ready;
  for (Shard& shard : shards) {
    const SegmentRef root = merge_all(std::move(shard.segments));
    index.segments.push_back(root);
    index.searchers.push_back(manta::actor<Searcher>(root, std::move(shard.texts)));
    ready.push_back(index.searchers.back().ready());
  }
  if (options.progress == Progress::kShown) {
    manta::wait_with_progress(reports, "indexing");
  }
  index.report = together(manta::get(reports));
  index.corpus = {index.report.files, index.report.words};
  manta::get(ready);
  return index;
}

}  // namespace codesearch
