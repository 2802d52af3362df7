// Futex words in shared memory: the raw system calls, not private to a process
// (std::atomic::wait of libstdc++ 12 is, and hangs between processes).
//
// Threads: any. Errors: none; a wait may return for no reason, so callers loop.
#pragma once
#include <atomic>
#include <chrono>
#include <climits>
#include <cstdint>
#include <optional>

#include "../base/build_settings.h"

namespace manta::rpc {

using Deadline = std::optional<std::chrono::steady_clock::time_point>;  // none: for ever

inline constexpr int kEverybody = INT_MAX;

// Sleeps while `word` is `expected`, until futex_wake, the deadline, a signal, or for no reason.
void futex_wait(const std::atomic<std::uint32_t>& word, std::uint32_t expected,
                Deadline deadline = std::nullopt);

// Wakes up to `count` sleepers. `word` may be gone already (only its address is used).
void futex_wake(const std::atomic<std::uint32_t>* word, int count = 1);

}  // namespace manta::rpc
