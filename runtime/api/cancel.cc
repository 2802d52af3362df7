#include "cancel.h"

#include "../process/process.h"

namespace manta {

void detail::cancel(std::span<ObjectEntry* const> entries, const CancelOptions& options) {
  const Cancelling::How how{.how = options.force ? CancelHow::kForce : CancelHow::kAsk,
                            .recursive = options.recursive};
  Process& process = Process::current("manta::cancel()");
  TablesLock lock(process.tables());
  lock.serve_afterwards();
  process.run_commands();  // so that what was submitted just now is known
  for (ObjectEntry* const entry : entries) process.cancelling().cancel(*entry, how);
}

void cancel(const AnyRef& ref, CancelOptions options) {
  detail::ObjectEntry* const entry =
      &detail::checked(detail::RefAccess::entry(ref), "manta::cancel()");
  detail::cancel({&entry, 1}, options);
}

}  // namespace manta
