// A function of about a microsecond for each of 10 million integers, by parallel_for and by map_reduce, in two workers.
// Unit: the time that oneTBB's parallel_for and parallel_reduce take with two threads of one process: 1.1 is 1.1 times
// as long. Both are tried in turns, since others use the machine, too.
#include <algorithm>
#include <functional>
#include <ranges>

#include <manta/manta.h>
#include <manta/parallel.h>

#include "figures.h"
#include "loops.h"
#include "tbb_loops.h"

namespace manta::bench {
namespace {

constexpr int kThreads = 2;
constexpr int kTries = 3;
constexpr double kEnough = 30;  // seconds, after which there is no further try

// So many steps of burn() take a microsecond.
std::uint32_t steps_of_a_microsecond() {
  constexpr std::uint32_t kSteps = 1'000'000;
  double best = 1;
  for (int i = 0; i < 10; ++i) {
    const auto began = Clock::now();
    burn_for_nothing(static_cast<std::uint64_t>(i), kSteps);
    best = std::min(best, seconds_since(began));
  }
  return std::max(1U, static_cast<std::uint32_t>(kSteps * 1e-6 / best));
}

template <class Ours, class Peers>
Measured ratio(const Run& run, std::size_t elements, const Ours& ours, const Peers& peers) {
  const Measure measure(run.effort);
  Sample own;
  Sample peer;
  const auto better = [](const Sample& a, const Sample& b) {
    return a.seconds < b.seconds ? a : b;
  };
  const auto once = [&](const auto& loop) {
    Stopwatch watch(measure.cpu());
    watch.start();
    loop();
    watch.stop();
    return watch.per_round(1);
  };
  const auto began = Clock::now();
  for (int i = 0; i < kTries && (i == 0 || seconds_since(began) < kEnough); ++i) {
    peer = better(once(peers), peer);
    own = better(once(ours), own);
  }
  return {own.seconds / peer.seconds, own.cpu_seconds / static_cast<double>(elements) * 1e6};
}

std::size_t elements_of(const Run& run) {
  return run.effort == Effort::kSmoke ? 100'000 : 10'000'000;
}

}  // namespace

Measured parallel_for_loop(const Run& run) {
  const auto session = manta::init({.cpus = kThreads});
  const std::size_t elements = elements_of(run);
  const std::uint32_t steps = steps_of_a_microsecond();
  const auto body = [steps](std::size_t i) { burn_for_nothing(i, steps); };
  return ratio(
      run, elements, [&] { manta::parallel_for(std::pair(std::size_t{0}, elements), body); },
      [&] { tbb_parallel_for(elements, steps, kThreads); });
}

Measured map_reduce_loop(const Run& run) {
  const auto session = manta::init({.cpus = kThreads});
  const std::size_t elements = elements_of(run);
  const std::uint32_t steps = steps_of_a_microsecond();
  const auto body = [steps](std::size_t i) { return burn(i, steps); };
  std::uint64_t sum = 0;
  std::uint64_t peers = 0;
  const auto measured = ratio(
      run, elements,
      [&] { sum = manta::map_reduce(std::pair(std::size_t{0}, elements), body, std::plus<>()); },
      [&] { peers = tbb_parallel_reduce(elements, steps, kThreads); });
  return sum == peers ? measured : Measured{};
}

}  // namespace manta::bench
