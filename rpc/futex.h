// Futex words in shared memory, by the raw system calls. They are not private to a process, as those of
// std::atomic::wait in libstdc++ 12 are, which hangs between processes.
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

// Nothing stands for no deadline: for ever.
using Deadline = std::optional<std::chrono::steady_clock::time_point>;

inline constexpr int kEverybody = INT_MAX;

// Sleeps if `word` is `expected`, until futex_wake(), the deadline or a signal; it may return for no reason.
void futex_wait(const std::atomic<std::uint32_t>& word, std::uint32_t expected,
                Deadline deadline = std::nullopt);

// Wakes up to `count` sleepers. Only the address of `word` is used: it may be gone already.
void futex_wake(const std::atomic<std::uint32_t>* word, int count = 1);

}  // namespace manta::rpc
