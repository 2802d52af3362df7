#include "measure.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "stopwatch.h"

namespace codesearch {
namespace {

Segment merge_tree(std::vector<Segment> segments) {
  while (segments.size() > 1) {
    std::vector<Segment> merged;
    for (std::size_t i = 0; i < segments.size(); i += kFanIn) {
      const std::size_t end = std::min(segments.size(), i + kFanIn);
      merged.push_back(merge_segments({segments.begin() + static_cast<std::ptrdiff_t>(i),
                                       segments.begin() + static_cast<std::ptrdiff_t>(end)}));
    }
    segments = std::move(merged);
  }
  return segments.empty() ? Segment{} : segments.front();
}

}  // namespace

void warm_up(const FileList& files) {
  for (const Batch& batch : make_batches(files.files)) {
    read_files(batch);
  }
}

double time_plain_loop(const FileList& files) {
  const Stopwatch watch;
  std::vector<Segment> segments;
  std::vector<Texts> texts;
  for (const Batch& batch : make_batches(files.files)) {
    auto [segment, text, report] = index_batch(batch);
    segments.push_back(std::move(segment));
    texts.push_back(std::move(text));
  }
  const Segment index = merge_tree(std::move(segments));
  return watch.seconds();
}

double time_workers(const FileList& files, std::size_t workers) {
  const auto session = manta::init({.cpus = static_cast<double>(workers)});
  const Stopwatch watch;
  const Index index = build_index(files, {.shards = workers, .progress = Progress::kHidden});
  return watch.seconds();
}

}  // namespace codesearch
