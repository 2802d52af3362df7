#include <cstdio>

#include <manta/runtime/process.h>
#include <manta/runtime/unseen_errors.h>

namespace manta::detail {

void log_unseen_error(const ObjectEntry& entry) {
  if (entry.session == 0 || entry.session != Process::current_session()) return;
  entry.mark_seen();
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

}  // namespace manta::detail
