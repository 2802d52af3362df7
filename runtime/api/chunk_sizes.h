// ChunkSizes decides how many elements of a range the next task works on: as many as take up to a millisecond, by how
// long the same code took before in this process (run_times.h).
//
//   nothing known --> 1 element for each core --they have run--> as many as take a millisecond --> fewer at the end
//
// Fewer: as long as several chunks for each core are left, so that all cores are done at about the same time.
// Errors: InvalidArgument without a session, or for a bad option. Threads: confined.
#pragma once
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "../calls/call_site.h"
#include "parallel_options.h"

namespace manta::detail {

class OpenSession;

// Of the next chunk, if `one` element takes so long, and `left` are left for so many cores.
std::size_t chunk_size(std::chrono::duration<std::uint64_t, std::pico> one, std::size_t left,
                       std::size_t cores);

class ChunkSizes {
 public:
  // `what` names the user's call in errors; `spec` is that of its tasks; a chunk has `most` elements at most.
  ChunkSizes(const char* what, const CallSpec& spec, std::size_t elements,
             const ParallelOptions& options, std::size_t most);

  std::size_t left() const { return left_; }
  // How many tasks run at a time.
  std::size_t cores() const { return cores_; }
  // Of the next chunk; none: the code has never run here. To be called while something is left.
  std::optional<std::size_t> next() const;
  void take(std::size_t elements) { left_ -= elements; }

 private:
  OpenSession& session_;
  const base::Ref<const CallSite> site_;
  const std::size_t grain_;
  const std::size_t most_;
  const std::size_t cores_;
  std::size_t left_;
};

}  // namespace manta::detail
