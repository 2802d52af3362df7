#include "item_receiver.h"

#include <chrono>

#include "../process/process.h"
#include "waiting_call.h"

namespace manta::detail {

// As long as a short wait, the CPU is not lent: that costs the node two messages.
void wait_until_taken(Process& process, rpc::Progress::Waiter& waiter) {
  constexpr auto kShortWait = std::chrono::microseconds(200);
  if (waiter.satisfied()) return;
  auto& progress = process.progress();
  const bool local = process.attachment().local;
  if (!local && progress.wait(waiter, std::chrono::steady_clock::now() + kShortWait)) return;
  const LentCpu lent(process);
  progress.wait(waiter);
}

}  // namespace manta::detail
