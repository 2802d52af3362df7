#include "async_wait.h"

#include "../../base/error.h"
#include "../process/process.h"

namespace manta::detail {
namespace {

bool is_of(const ObjectEntryRef& entry, std::uint32_t session) {
  return entry && entry->session == session;
}

}  // namespace

bool answered_at_once(const ObjectEntryRef& entry) {
  return !is_of(entry, OpenSession::current_number()) || entry->done();
}

bool start_wait(const ObjectEntryRef& entry, const base::Ref<ReadyWait>& wait) {
  const auto process = Process::current_or_null();
  if (!process) return false;
  TablesLock lock(process->tables());
  lock.serve_afterwards();
  return process->ready_waits().add(is_of(entry, process->number()) ? entry.get() : nullptr, wait);
}

void cancel_wait(std::uint32_t session, ReadyWait& wait) {
  const auto process = base::static_ref_cast<Process>(OpenSession::living(session));
  if (!process) return;
  const TablesLock lock(process->tables());
  process->ready_waits().cancel(wait);
}

void throw_session_over() {
  throw InvalidArgument(
      "manta::async_get(): the session was shut down meanwhile; its objects went with it");
}

}  // namespace manta::detail
