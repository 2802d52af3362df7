#include "index_batch.h"

#include <utility>

#include "file_reader.h"
#include "merge.h"
#include "segment_builder.h"

namespace codesearch {

std::tuple<Segment, Texts, BatchReport> index_batch(const Batch& batch) {
  thread_local SegmentBuilder builder;  // its memory serves one batch after the other
  FileTexts read = read_files(batch);
  BatchReport report;
  builder.clear(batch.first);
  for (const Place& place : read.places) {
    if (place.size == 0) {
      builder.add_missing();
      continue;
    }
    report.files += 1;
    report.bytes += place.size;
    report.words += builder.add(read.text(place));
  }
  report.skipped = std::move(read.skipped);
  Segment segment = builder.finish();
  return {std::move(segment),
          Texts{batch.first, batch.paths, std::move(read.places), std::move(read.bytes).freeze()},
          std::move(report)};
}

Segment merge_segments(const std::vector<Segment>& segments) { return merge(segments); }

std::uint64_t count_different_words(const std::vector<Segment>& segments) {
  return count_words(segments);
}

}  // namespace codesearch
