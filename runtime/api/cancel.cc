#include "cancel.h"

#include "../calls/cancelling.h"
#include "../ownership/open_session.h"
#include "../process/parts.h"

namespace manta {

void detail::cancel(std::span<ObjectEntry* const> entries, const CancelOptions& options) {
  const Cancelling::How how{.how = options.force ? CancelHow::kForce : CancelHow::kAsk,
                            .recursive = options.recursive};
  OpenSession& session = OpenSession::current("manta::cancel()");
  TablesLock lock(session.tables());
  lock.serve_afterwards();
  parts::run_commands(session);  // so that what was submitted just now is known
  for (ObjectEntry* const entry : entries) parts::cancelling(session).cancel(*entry, how);
}

void cancel(const AnyRef& ref, CancelOptions options) {
  detail::ObjectEntry* const entry =
      &detail::checked(detail::RefAccess::entry(ref), "manta::cancel()");
  detail::cancel({&entry, 1}, options);
}

}  // namespace manta
