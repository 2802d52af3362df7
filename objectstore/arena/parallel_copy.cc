#include "parallel_copy.h"

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstring>

#include <tbb/info.h>
#include <tbb/parallel_for.h>
#include <tbb/task_arena.h>

#include "../../base/sanitizers.h"

// The sanitizers see memcpy, not these instructions; and the library of oneTBB is not built for
// ThreadSanitizer, which takes what it hands from thread to thread for races.
#if defined(MANTA_SANITIZED) || !defined(__SSE2__)
#define MANTA_PLAIN_COPY 1
#endif
#ifndef MANTA_PLAIN_COPY
#include <emmintrin.h>
#endif

namespace manta::objectstore {
namespace {

constexpr std::size_t kMiB = std::size_t{1} << 20;
constexpr std::size_t kSmallestPiece = 2 * kMiB;
constexpr std::size_t kLargestPiece = 32 * kMiB;
constexpr std::size_t kParallel = 4 * kMiB;  // below this, waking a thread costs more than it gains
constexpr int kMaxThreads = 8;               // more do not help: memory is the limit, not cores

// The threads of copies, made at the first large copy and never taken down.
tbb::task_arena& threads() {
  static auto* const arena =
      new tbb::task_arena(std::clamp(tbb::info::default_concurrency(), 1, kMaxThreads));
  return *arena;
}

bool alone = false;  // set while the process has one thread
std::atomic<std::uint64_t> copied{0};

// Two pieces or more for each thread, so that a thread that is interrupted does not hold up all.
std::size_t piece_size(std::size_t size) {
  const auto pieces = static_cast<std::size_t>(threads().max_concurrency()) * 2;
  return std::clamp(size / pieces / kSmallestPiece * kSmallestPiece, kSmallestPiece, kLargestPiece);
}

#ifndef MANTA_PLAIN_COPY
// Writes past the caches: the destination is not read first, and what is in the caches stays there
// [21 to 24 GB/s with two threads, memcpy 18 to 20, string instructions the same or less].
void copy_past_caches(std::byte* to, const std::byte* from, std::size_t size) {
  const std::size_t head = (16 - reinterpret_cast<std::uintptr_t>(to) % 16) % 16;
  std::memcpy(to, from, head);
  auto* target = reinterpret_cast<__m128i*>(to + head);
  const auto* source = reinterpret_cast<const __m128i*>(from + head);
  const std::size_t lines = (size - head) / 64;
  for (std::size_t i = 0; i < lines; ++i, target += 4, source += 4) {
    const __m128i a = _mm_loadu_si128(source);
    const __m128i b = _mm_loadu_si128(source + 1);
    const __m128i c = _mm_loadu_si128(source + 2);
    const __m128i d = _mm_loadu_si128(source + 3);
    _mm_stream_si128(target, a);
    _mm_stream_si128(target + 1, b);
    _mm_stream_si128(target + 2, c);
    _mm_stream_si128(target + 3, d);
  }
  _mm_sfence();  // these stores are not ordered with the ones that publish the copy
  std::memcpy(target, source, (size - head) % 64);
}
#endif

}  // namespace

void copy_piece(std::byte* to, const std::byte* from, std::size_t size) {
#ifndef MANTA_PLAIN_COPY
  if (size >= kSmallestPiece) {
    copy_past_caches(to, from, size);
    return;
  }
#endif
  if (size != 0) {
    std::memcpy(to, from, size);
  }
}

namespace {

void run_in_parallel(std::size_t size, const std::function<void(std::size_t, std::size_t)>& body) {
  const std::size_t piece = piece_size(size);
  const auto run = [&](std::size_t i) { body(i * piece, std::min(piece, size - i * piece)); };
  const std::size_t pieces = (size + piece - 1) / piece;
#ifdef MANTA_TSAN
  for (std::size_t i = 0; i < pieces; ++i) {
    run(i);
  }
#else
  threads().execute([&] {
    tbb::this_task_arena::isolate([&] { tbb::parallel_for(std::size_t{0}, pieces, run); });
  });
#endif
}

}  // namespace

void parallel_pieces(std::size_t size, const std::function<void(std::size_t, std::size_t)>& body) {
  if (size >= kParallel && !alone) {
    try {
      return run_in_parallel(size, body);
    } catch (...) {  // oneTBB can make no thread, or has no memory
    }
  }
  if (size != 0) {
    body(0, size);
  }
}

void copy_alone() { alone = true; }

// SYNC: none: a count.
std::uint64_t copied_bytes() { return copied.load(std::memory_order_relaxed); }
void count_copied(std::uint64_t bytes) { copied.fetch_add(bytes, std::memory_order_relaxed); }

void parallel_copy(std::byte* to, const std::byte* from, std::size_t size) {
  count_copied(size);
  parallel_pieces(size, [=](std::size_t at, std::size_t n) { copy_piece(to + at, from + at, n); });
}

void parallel_zero(std::byte* to, std::size_t size) {
  parallel_pieces(size, [=](std::size_t at, std::size_t n) { std::memset(to + at, 0, n); });
}

}  // namespace manta::objectstore
