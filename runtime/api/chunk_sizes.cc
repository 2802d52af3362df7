#include "chunk_sizes.h"

#include <algorithm>
#include <bit>

#include "../calls/senders.h"
#include "../launch/entry.h"
#include "../options/check_options.h"
#include "../ownership/open_session.h"
#include "../process/parts.h"

namespace manta::detail {
namespace {

constexpr RunTimes::Picoseconds kChunk = std::chrono::milliseconds(1);  // at most
constexpr std::size_t kPerCore = 4;  // so many chunks are left at least

std::size_t tasks_at_a_time(double cpus, const TaskOptions& task) {
  const double tasks = task.cpus > 0 ? cpus / task.cpus : cpus;
  return tasks < 1 ? 1 : static_cast<std::size_t>(tasks);
}

// Down to a number of three binary digits and zeros, so that few sizes occur (each is a CallSite).
std::size_t rounded(std::size_t size) {
  const int zeros = std::max(0, static_cast<int>(std::bit_width(size)) - 3);
  return size >> zeros << zeros;
}

}  // namespace

std::size_t chunk_size(RunTimes::Picoseconds one, std::size_t left, std::size_t cores) {
  const std::size_t in_time = one.count() == 0 ? left : kChunk / one;
  return rounded(std::max<std::size_t>(1, std::min(in_time, left / (kPerCore * cores))));
}

ChunkSizes::ChunkSizes(const char* what, const CallSpec& spec, std::size_t elements,
                       const ParallelOptions& options, std::size_t most)
    : session_(OpenSession::current(what)),
      site_(CallSite::of(spec)),
      grain_(options.grain),
      most_(most),
      cores_(tasks_at_a_time(parts::attachment(session_).cpus, options.task)),
      left_(elements) {
  check_task_options(options.task);
}

std::optional<std::size_t> ChunkSizes::next() const {
  if (grain_ != 0) return std::min({grain_, left_, most_});
  std::optional<RunTimes::Picoseconds> one;
  {
    const TablesLock lock(session_.tables());
    one = parts::senders(session_).tasks.run_times().of_one_element(*site_);
  }
  if (!one) return std::nullopt;
  return std::min(chunk_size(*one, left_, cores_), most_);
}

}  // namespace manta::detail
