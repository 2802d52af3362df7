// cancel(): calls whose results nobody wants any more.
//
//   auto ref = manta::remote(search)(x);   manta::cancel(ref);   get(ref) throws Cancelled, or gives the value
//
// What has not begun is dropped. What runs is asked: this_task().cancelled() is true in it from then on, and it ends
// with its own outcome, a value or an exception, whenever it likes; with force its worker is killed. What was dropped
// or killed, and what depends on it, holds Cancelled. What is done stays as it is. Each call has one end, however many
// cancel it, from wherever.
// Errors:  InvalidArgument for an empty ref, without a session, and for force on an actor's call (handle.kill()).
// Threads: any, also in tasks, and of refs that were made in other processes. Does not wait.
#pragma once
#include <span>
#include <vector>

#include "../ownership/object_ref.h"
#include "ref_lists.h"

namespace manta {

// How calls are cancelled.
struct CancelOptions {
  // What runs is killed with its worker. A task that waits for it in the same process is tried again.
  bool force = false;
  // The calls that it had made when it was asked first are cancelled, too, when they have not ended. What it calls
  // later, in a destructor for example, is not, but with force. Not actors that it has made.
  bool recursive = true;
};

namespace detail {
void cancel(std::span<ObjectEntry* const> entries, const CancelOptions& options);
}  // namespace detail

// Cancels the call whose result this is, the only one or one of several. Does nothing for an object that is no result
// of a call. Errors: InvalidArgument, see above.
void cancel(const AnyRef& ref, CancelOptions options = {});
// The same of many calls, all at once.
template <class T>
void cancel(const std::vector<ObjectRef<T>>& refs, CancelOptions options = {}) {
  detail::cancel(detail::entries_of(refs, "manta::cancel()"), options);
}

}  // namespace manta
