#include "doorbell.h"

#include <cerrno>
#include <unistd.h>

#include "futex.h"

namespace manta::rpc {
namespace {

std::atomic<int> event_bell_fd{-1};  // SYNC: none: it is set before the first push to the node
std::atomic<void (*)()> when_lost{nullptr};  // SYNC: none: the handler needs nothing else

void write_event_bell() {
  const std::uint64_t one = 1;
  const int fd = event_bell_fd.load(std::memory_order_relaxed);
  if (fd < 0) return;
  // This can fail only when the counter is full, and the eventfd readable, or when the session is over.
  if (write(fd, &one, sizeof one) >= 0 || errno != EBADF) return;
  if (auto* const handler = when_lost.load(std::memory_order_relaxed)) handler();
}

}  // namespace

void bind_event_bell(int event_fd) { event_bell_fd.store(event_fd, std::memory_order_relaxed); }

void when_event_bell_is_lost(void (*handler)()) {
  when_lost.store(handler, std::memory_order_relaxed);
}

void wake_owner(Doorbell& bell, BellState parked) {
  // SYNC: one peer wins. If the owner has changed the state since, it has looked at the rings after
  // that, and has seen the push, because its fence came after ours.
  if (!bell.state.compare_exchange_strong(parked, BellState::kAwake, std::memory_order_acq_rel,
                                          std::memory_order_relaxed)) {
    return;
  }
  if (bell.kind.load(std::memory_order_relaxed) == BellKind::kEventFd) return write_event_bell();
  auto& gen = parked == BellState::kRingParked ? bell.ring_gen : bell.user_gen;
  // SYNC: the sleeper took the old count before it stored the state that we read, so it cannot miss this.
  gen.fetch_add(1, std::memory_order_release);
  futex_wake(&gen);
}

}  // namespace manta::rpc
