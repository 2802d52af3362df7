// A search engine over source code. Tasks read, tokenize and merge; actors hold the finished index
// and answer. build_index.h has the whole picture.
//
//   main (driver) --> tasks: index_batch, merge_segments --> Searcher actors <-- queries
//       \_______________ shared memory: texts, words, postings ________________/
//
//   $ codesearch --query "mutex lock" examples/codesearch/sample
//
// Expected output:
//   ...
//     files     3 indexed, 2 skipped: 1 empty, 1 binary
//               empty: .../empty.h
//               binary: .../table.bin
//     text      0.0 MB, ... words
//     terms     ... different words
//     postings  ... in 1 shard
//     session   started in ... ms
//   ...
//   mutex lock
//   ... .../sample/queue.h:...
//             2 of 2 files, ... ms
#include <exception>
#include <iostream>
#include <stdexcept>
#include <string>
#include <variant>

#include <manta/manta.h>

#include "build_index.h"
#include "converse.h"
#include "file_list.h"
#include "measure.h"
#include "options.h"
#include "report.h"
#include "stopwatch.h"

namespace codesearch {
namespace {

// Bytes of files between which the comparison takes neither too long nor too short.
constexpr std::uint64_t kLeastCompared = 1'000'000;
constexpr std::uint64_t kMostCompared = 1'000'000'000;

void check_files(const FileList& files) {
  if (!files.files.empty()) {
    return;
  }
  std::string why = "there are no files to index";
  for (const Skipped& skipped : files.skipped) {
    why += "\n  " + skipped.path + ": " + name_of(skipped.reason) +
           (skipped.detail.empty() ? "" : ", " + skipped.detail);
  }
  throw std::runtime_error(why);
}

// Texts, words and postings together take about one and a half times the files.
void check_room(const FileList& files) {
  const manta::StoreStats store = manta::cluster().nodes.front().store;
  if (files.bytes + files.bytes / 2 > store.capacity - store.used) {
    throw std::runtime_error(
        std::to_string(files.bytes >> 20) + " MiB of files do not fit into an object store of " +
        std::to_string(store.capacity >> 20) +
        " MiB: name fewer directories, or set MANTA_OBJECT_STORE_BYTES to twice the files");
  }
}

void compare(const FileList& files, Figures& figures) {
  std::cerr << "reading all files once, then measuring a plain loop and one worker\n";
  warm_up(files);
  figures.plain_seconds = time_plain_loop(files);
  figures.one_worker_seconds = time_workers(files, 1);
}

void describe(const Index& index, const FileList& files, Figures& figures) {
  const auto different = manta::remote(count_different_words)(index.segments);
  figures.report = index.report;
  figures.skipped = files.skipped;
  figures.skipped.insert(figures.skipped.end(), index.report.skipped.begin(),
                         index.report.skipped.end());
  figures.shards = index.segments.size();
  for (const Segment& segment : manta::get(index.segments)) {
    figures.postings += segment.postings.size();  // the driver sees the arrays in place, too
  }
  figures.different_words = manta::get(different);
}

manta::InitOptions session_options(const Options& options) {
  manta::InitOptions session;
  if (options.workers != 0) {
    session.cpus = static_cast<double>(options.workers);
  }
  return session;
}

void run(const Options& options) {
  const FileList files = list_files(options.directories);
  check_files(files);
  Figures figures;
  if (options.compare && files.bytes >= kLeastCompared && files.bytes <= kMostCompared) {
    compare(files, figures);
  }
  const Stopwatch start;
  const auto session = manta::init(session_options(options));
  figures.start_seconds = start.seconds();
  figures.workers = static_cast<std::size_t>(manta::cluster().total.at("CPU"));
  check_room(files);
  const Stopwatch build;
  const std::size_t shards = options.shards != 0 ? options.shards : figures.workers;
  const Index index = build_index(files, {.shards = shards});
  figures.build_seconds = build.seconds();
  describe(index, files, figures);
  print_summary(options.words.empty() ? std::cout : std::cerr, figures);
  converse(index, options);
}

}  // namespace
}  // namespace codesearch

int main(int argc, char** argv) {
  const auto options = codesearch::parse_options(argc, argv);
  if (const int* status = std::get_if<int>(&options)) {
    return *status;
  }
  try {
    codesearch::run(std::get<codesearch::Options>(options));
    return 0;
  } catch (const std::exception& error) {
    std::cerr << "codesearch: " << error.what() << "\n";
    return 1;
  }
}
