#include "async_wait.h"

#include "../../base/error.h"
#include "../ownership/open_session.h"
#include "../process/parts.h"

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
  const auto session = OpenSession::current_or_null();
  if (!session) return false;
  TablesLock lock(session->tables());
  lock.serve_afterwards();
  return parts::ready_waits(*session).add(is_of(entry, session->number()) ? entry.get() : nullptr,
                                          wait);
}

void cancel_wait(std::uint32_t number, ReadyWait& wait) {
  const auto session = OpenSession::living(number);
  if (!session) return;
  const TablesLock lock(session->tables());
  parts::ready_waits(*session).cancel(wait);
}

void throw_session_over() {
  throw InvalidArgument(
      "manta::async_get(): the session was shut down meanwhile; its objects went with it");
}

}  // namespace manta::detail
