// Which seeds a simulation plays, for tests: 1 to `usual`, with sanitizers a fifth of them; or what the environment
// says: MANTA_SIMULATION_SEED=n is that one alone, MANTA_SIMULATION_SEEDS=n the first n.
//
//   const SimulationSeeds seeds(10'000);
//   for (std::uint64_t seed = seeds.first; seed <= seeds.last; ++seed) Simulation(seed).run();
//
// Threads: any. Errors: none: what is no number is 0.
#pragma once
#include <cstdint>
#include <cstdlib>

#include "sanitizers.h"

namespace manta::base {

struct SimulationSeeds {
  explicit SimulationSeeds(std::uint64_t usual)
      : last(number("MANTA_SIMULATION_SEEDS", usual / kUsualPart)) {
    if (std::getenv("MANTA_SIMULATION_SEED") != nullptr) {
      first = last = number("MANTA_SIMULATION_SEED", 1);
    }
  }

  std::uint64_t first = 1;
  std::uint64_t last;

 private:
#ifdef MANTA_SANITIZED
  static constexpr std::uint64_t kUsualPart = 5;  // they take five times as long
#else
  static constexpr std::uint64_t kUsualPart = 1;
#endif
  static std::uint64_t number(const char* variable, std::uint64_t otherwise) {
    const char* const text = std::getenv(variable);
    return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
  }
};

}  // namespace manta::base
