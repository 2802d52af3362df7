// How a loop is measured: by several tries of some rounds each. The fastest try counts, with the CPU time that it cost:
// the machine is shared, and what others have done to the slower tries says nothing about Manta.
//
//   const Sample s = measure.rounds([&] { get(ref); });             // repeated until a try is long enough
//   const Sample s = measure.each([&](Stopwatch& watch) {           // preparing and cleaning are not measured
//     prepare(); watch.start(); work(); watch.stop(); clean();
//   });
//
// Threads: confined. Units: seconds.
#pragma once
#include <chrono>
#include <cstdint>
#include <limits>

#include "floors.h"
#include "session_cpu.h"

namespace manta::bench {

using Clock = std::chrono::steady_clock;

inline double seconds_since(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

struct Sample {  // of one round
  double seconds = std::numeric_limits<double>::infinity();
  double cpu_seconds = 0;
};

class Stopwatch {
 public:
  explicit Stopwatch(const SessionCpu& cpu) : cpu_(cpu) {}
  void start() {
    cpu_began_ = cpu_.others();
    cpu_began_ += cpu_.own();
    began_ = Clock::now();
  }
  void stop() {
    seconds_ += seconds_since(began_);
    cpu_seconds_ += cpu_.own();
    cpu_seconds_ += cpu_.others() - cpu_began_;
  }
  Sample per_round(std::uint64_t rounds) const {
    return {seconds_ / static_cast<double>(rounds), cpu_seconds_ / static_cast<double>(rounds)};
  }

 private:
  const SessionCpu& cpu_;
  Clock::time_point began_;
  double cpu_began_ = 0;
  double seconds_ = 0;
  double cpu_seconds_ = 0;
};

class Measure {
 public:
  explicit Measure(Effort effort) : effort_(effort), cpu_(SessionCpu::of_open_session()) {}

  bool smoke() const { return effort_ == Effort::kSmoke; }
  template <class N>
  N count(N full, N smoke) const {
    return effort_ == Effort::kSmoke ? smoke : full;
  }
  const SessionCpu& cpu() const { return cpu_; }

  template <class Round>
  Sample rounds(Round&& round) const {
    const double least = smoke() ? 0 : 0.25;
    std::uint64_t rounds = 1;
    for (;; rounds *= 2) {  // also warms up
      const auto began = Clock::now();
      for (std::uint64_t i = 0; i < rounds; ++i) round();
      if (seconds_since(began) >= least) break;
    }
    return each(
        [&](Stopwatch& watch) {
          watch.start();
          for (std::uint64_t i = 0; i < rounds; ++i) round();
          watch.stop();
        },
        rounds);
  }

  template <class Try>
  Sample each(Try&& once, std::uint64_t rounds = 1) const {
    Sample best;
    for (int i = 0; i < (smoke() ? 1 : kTries); ++i) {
      Stopwatch watch(cpu_);
      once(watch);
      const Sample sample = watch.per_round(rounds);
      if (sample.seconds < best.seconds) best = sample;
    }
    return best;
  }

 private:
  static constexpr int kTries = 5;
  Effort effort_;
  SessionCpu cpu_;
};

}  // namespace manta::bench
