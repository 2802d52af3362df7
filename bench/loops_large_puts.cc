// Puts of 800 MiB: out of memory of the caller that holds real numbers, and of an array that was built in the store.
// Unit and floor of the first: the share of what this machine can do: warm (the store's pages were used before), of a
// copy by two threads; cold (the first put of a session), of the kernel's populating that much shared memory. These
// floors are taken again beside the puts, and the better ones count: the machine may have been busier before. Of the
// other: microseconds, and a round trip between two processes.
#include <algorithm>
#include <utility>
#include <vector>

#include <manta/manta.h>

#include "../objectstore/arena/parallel_copy.h"
#include "figures.h"
#include "loops.h"

namespace manta::bench {
namespace {

constexpr std::uint64_t kStoreBytes = std::uint64_t{2} << 30;

std::vector<double> source(const Run& run) {
  const std::size_t bytes = run.effort == Effort::kSmoke ? 8u << 20 : 800u << 20;
  std::vector<double> numbers(bytes / sizeof(double));
  for (std::size_t i = 0; i < numbers.size(); ++i) numbers[i] = static_cast<double>(i);
  return numbers;
}

Measured share_of(double floor_before, const Figure& floor_now, const Sample& round,
                  std::size_t numbers) {
  const double rate = static_cast<double>(numbers * sizeof(double)) / round.seconds / 1e9;
  return {rate / std::max(floor_before, floor_now.value), round.cpu_seconds * 1e6};
}

}  // namespace

Measured put_800mib_warm(const Run& run) {
  const auto numbers = source(run);
  const auto session = manta::init({.cpus = 2, .object_store_bytes = kStoreBytes});
  const Measure measure(run.effort);
  (void)manta::put(numbers);
  const auto sample = measure.each([&](Stopwatch& watch) {
    watch.start();
    const auto ref = manta::put(numbers);
    watch.stop();
  });
  return share_of(run.floors.at("warm_copy_2"), warm_copy(run.effort, 2), sample, numbers.size());
}

Measured put_800mib_cold(const Run& run) {
  const auto numbers = source(run);
  Sample best;
  for (int i = 0; i < (run.effort == Effort::kSmoke ? 1 : 3); ++i) {
    const auto session = manta::init({.cpus = 2, .object_store_bytes = kStoreBytes});
    const auto cpu = SessionCpu::of_open_session();
    Stopwatch watch(cpu);
    watch.start();
    const auto ref = manta::put(numbers);
    watch.stop();
    if (watch.per_round(1).seconds < best.seconds) best = watch.per_round(1);
  }
  return share_of(run.floors.at("populate"), populate(run.effort), best, numbers.size());
}

// Of an array that was built in the store: no figure if a byte of it was copied.
Measured put_800mib_built(const Run& run) {
  const auto session = manta::init({.cpus = 2, .object_store_bytes = kStoreBytes});
  const Measure measure(run.effort);
  const auto bytes = measure.count(std::size_t{800} << 20, std::size_t{8} << 20);
  const std::uint64_t copied = objectstore::copied_bytes();
  const auto sample = measure.each([&](Stopwatch& watch) {
    auto array = manta::uninitialized<std::uint8_t>(bytes);
    array[bytes - 1] = 1;
    watch.start();
    const auto ref = manta::put(std::move(array).freeze());
    watch.stop();
  });
  return objectstore::copied_bytes() == copied ? microseconds(sample) : Measured{};
}

}  // namespace manta::bench
