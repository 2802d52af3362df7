// What async_get() needs of the session: a wait for an object that ends by a call back.
//
// Threads: any.
#pragma once
#include "../calls/ready_wait.h"

namespace manta::detail {

// Whether async_get() can answer at once: the value or an error has arrived, or the ref is refused.
bool answered_at_once(const ObjectEntryRef& entry);
// True: the wait will be over, at once for a ref that is refused. False: there is no session, and it will not.
bool start_wait(const ObjectEntryRef& entry, const base::Ref<ReadyWait>& wait);
// Ends it with kCancelled, unless it is over.
void cancel_wait(std::uint32_t session, ReadyWait& wait);
[[noreturn]] void throw_session_over();  // InvalidArgument

}  // namespace manta::detail
