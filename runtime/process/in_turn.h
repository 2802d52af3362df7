// Work that has to keep its place among what a thread has submitted before: the creation of an actor, for example.
//
// Threads: any that may wait. When the session is over, the work is perhaps not done.
#pragma once
#include <functional>

#include "../../rpc/progress.h"
#include "../ownership/command.h"

namespace manta::detail {

// Does `work`, under the tables lock, when all that this thread submitted before has been sent, and returns then.
// `submit` is Process::submit().
void run_in_turn(const std::function<void(base::Ref<Command>)>& submit, rpc::Progress& progress,
                 const std::function<void()>& work);

}  // namespace manta::detail
