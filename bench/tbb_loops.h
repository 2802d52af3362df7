// The peers of loops_parallel.cc: the same loops with oneTBB, in one process, and the body that all of them run.
//
// Threads: as many as are given. Units: elements.
#pragma once
#include <cstddef>
#include <cstdint>

namespace manta::bench {

// Some arithmetic that depends on what came before: `steps` of it.
inline std::uint64_t burn(std::uint64_t x, std::uint32_t steps) {
  for (std::uint32_t i = 0; i < steps; ++i) x = x * 6364136223846793005U + 1442695040888963407U;
  return x;
}
inline void burn_for_nothing(std::uint64_t x, std::uint32_t steps) {
  const std::uint64_t result = burn(x, steps);
  asm volatile("" : : "r"(result));
}

void tbb_parallel_for(std::size_t elements, std::uint32_t steps, int threads);
std::uint64_t tbb_parallel_reduce(std::size_t elements, std::uint32_t steps, int threads);

}  // namespace manta::bench
