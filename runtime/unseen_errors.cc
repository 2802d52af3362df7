#include <atomic>
#include <cstdio>

#include <manta/runtime/process.h>
#include <manta/runtime/unseen_errors.h>

namespace manta::detail {
namespace {

// SYNC: none, a count.
std::atomic<int> unseen{0};

}  // namespace

void log_unseen_error(const ObjectEntry& entry) {
  if (entry.session == 0 || entry.session != Process::current_session()) return;
  entry.mark_seen();
  const bool counted = !has_role();  // a worker has no end that could tell how many there were
  if (counted && unseen.fetch_add(1, std::memory_order_relaxed) >= kMostUnseenErrors) return;
  try {
    const ErrorRecord error = record_of(entry.value());
    std::fprintf(stderr, "manta: nobody looked at the error of %s (object %s): %s\n",
                 error.function.empty() ? "a call" : error.function.c_str(),
                 entry.id().hex().c_str(), error.message.c_str());
  } catch (const std::exception& broken) {
    std::fprintf(stderr, "manta: nobody looked at an error, which cannot be read: %s\n",
                 broken.what());
  }
}

void log_rest_of_unseen_errors() {
  const int rest = unseen.exchange(0, std::memory_order_relaxed) - kMostUnseenErrors;
  if (rest > 0) std::fprintf(stderr, "manta: nobody looked at %d more errors\n", rest);
}

}  // namespace manta::detail
