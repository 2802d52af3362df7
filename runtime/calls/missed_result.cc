#include "missed_result.h"

#include <string>

#include "../ownership/notices.h"
#include "run_times.h"

namespace manta::detail {

// Nobody has a ref if nobody but the call itself knows its results.
void tell_if_missed(Call& call, std::int64_t ms, int pid) {
  if (call.missed || call.cancelled) return;
  bool wanted = false;
  call.each_result([&](const ObjectEntryRef& result) {
    wanted |= result->use_count() != 1 || result->home() != Home::kLocal;
  });
  if (wanted) return;
  call.missed = true;
  const std::string name = call.display_name();
  give_notice({.kind = Notice::Kind::kMissedResult,
               .cause = RunTimes::code_key(call),
               .subject = name,
               .text = "manta: " + name + " has been running for " + std::to_string(ms / 1000) +
                       " s in process " + std::to_string(pid) +
                       ", but all refs to its result were dropped, which does not cancel it: use "
                       "manta::cancel(), or TaskOptions::deadline"});
}

}  // namespace manta::detail
