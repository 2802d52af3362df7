// A ChunkLoop submits the chunks of a range as tasks, a few for each core ahead, and hands out their results in order.
//
//   elements  [ taken | done, failed or running | submitted | left ]      order of the range -->
//
// Chunks are done in any order: one that takes long does not hold up those behind it. When one has failed nothing more
// is submitted; the error that is thrown is that of the first in order, so those before it are waited for; the others
// are cancelled.
// Errors:  what a task threw, with the index of its element, or those of the first and the last element of its chunk;
//          InvalidArgument.
// Threads: confined.
#pragma once
#include <cstddef>
#include <deque>
#include <optional>
#include <vector>

#include "../ownership/object_entry.h"
#include "chunk_sizes.h"
#include "progress_bar.h"

namespace manta::detail {

class ChunkLoop {
 public:
  ChunkLoop(const char* what, const CallSpec& spec, std::size_t elements,
            const ParallelOptions& options, std::size_t most_in_chunk);
  // Cancels the chunks that are left; their errors count as looked at.
  ~ChunkLoop();
  ChunkLoop(const ChunkLoop&) = delete;

  bool over() const { return sizes_.left() == 0 && chunks_.empty(); }
  // The index of the first element of the next chunk, and how many it has: 0 if it is not to be submitted now.
  std::size_t next_index() const { return next_; }
  std::size_t next_size() const;
  void submitted(ObjectEntryRef result, std::size_t size);
  // Until one more chunk is done.
  void wait();
  // The result of the next chunk in order, if it is done; else null. Throws the error of one that failed.
  ObjectEntryRef take_result();

 private:
  struct Chunk {
    ObjectEntryRef result;
    std::size_t first;
    std::size_t size;
  };
  void note_done();
  [[noreturn]] void throw_error_of(const Chunk& chunk) const;

  const char* const what_;
  ChunkSizes sizes_;
  std::size_t next_ = 0;
  std::deque<Chunk> chunks_;           // submitted, and not taken
  std::vector<const Chunk*> running_;  // those of them that were not done when last looked at
  std::size_t done_ = 0;               // elements
  bool failed_ = false;
  std::optional<ProgressBar> progress_;
};

}  // namespace manta::detail
