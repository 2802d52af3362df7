// Results that are called back: 1000 tasks at a time, with on_ready, and with async_get in an event loop of Asio.
// Unit: results per second. Floor: a round trip between two processes for each.
#include <atomic>
#include <exception>

#include <asio/bind_executor.hpp>
#include <asio/io_context.hpp>

#include <manta/asio.h>
#include <manta/manta.h>

#include "figures.h"
#include "loops.h"

namespace manta::bench {
namespace {

constexpr int kAtOnce = 1000;
int one() { return 1; }

}  // namespace

Measured on_ready(const Run& run) {
  const auto session = manta::init({.cpus = 2});
  const Measure measure(run.effort);
  const int tasks = measure.count(kAtOnce, 20);
  std::atomic<int> left{0};
  const auto round = [&] {
    left = tasks;
    for (int i = 0; i < tasks; ++i) {
      manta::remote(one)().on_ready([&] {
        if (--left == 0) left.notify_one();
      });
    }
    for (int seen = 0; (seen = left) != 0;) left.wait(seen);
  };
  return per_second(measure.rounds(round), tasks);
}

Measured async_get(const Run& run) {
  const auto session = manta::init({.cpus = 2});
  const Measure measure(run.effort);
  const int tasks = measure.count(kAtOnce, 20);
  bool right = true;
  const auto round = [&] {
    asio::io_context io(1);
    int sum = 0;
    for (int i = 0; i < tasks; ++i) {
      manta::async_get(
          manta::remote(one)(),
          asio::bind_executor(io, [&](const std::exception_ptr&, int value) { sum += value; }));
    }
    io.run();
    right = right && sum == tasks;
  };
  const auto sample = measure.rounds(round);
  return right ? per_second(sample, tasks) : Measured{};
}

}  // namespace manta::bench
