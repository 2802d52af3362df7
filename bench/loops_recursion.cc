// A merge sort of 2 million numbers by recursion: each half by a task of its own, down to leaves of 20,000 or 5,000.
// Unit: the time that the same program takes with OpenMP tasks in one process, on two threads: 1.3 is 1.3 times as
// long. Both read an array that stays as it is and give a new one at each level.
#include <algorithm>
#include <vector>

#include <manta/manta.h>

#include "figures.h"
#include "loops.h"
#include "openmp_sort.h"

namespace manta::bench {
namespace {

using Numbers = manta::Array<int>;

Numbers merge_sort(const Numbers& numbers, std::size_t grain) {
  if (numbers.size() <= grain) {
    auto sorted = numbers.copy();
    std::sort(sorted.begin(), sorted.end());
    return std::move(sorted).freeze();
  }
  const std::size_t middle = numbers.size() / 2;
  const auto left = manta::remote(merge_sort)(numbers.slice(0, middle), grain);
  const auto right = manta::remote(merge_sort)(numbers.slice(middle, numbers.size()), grain);
  const auto [a, b] = manta::get(left, right);
  auto merged = manta::uninitialized<int>({numbers.size()});
  std::merge(a.begin(), a.end(), b.begin(), b.end(), merged.begin());
  return std::move(merged).freeze();
}

std::vector<int> shuffled(std::size_t count) {
  std::vector<int> numbers(count);
  std::uint32_t random = 1;
  for (auto& number : numbers) {
    random = random * 1664525U + 1013904223U;
    number = static_cast<int>(random >> 1);
  }
  return numbers;
}

Measured ratio(const Run& run, std::size_t grain) {
  const auto numbers = shuffled(run.effort == Effort::kSmoke ? 40'000 : 2'000'000);
  const auto session = manta::init({.cpus = 2});
  const Measure measure(run.effort);
  bool right = true;
  const auto peer = measure.rounds(
      [&] { right = right && std::ranges::is_sorted(openmp_merge_sort(numbers, grain, 2)); });
  const auto data = manta::put(numbers);
  const auto sample = measure.rounds([&] {
    const Numbers sorted = manta::get(manta::remote(merge_sort)(data, grain));
    right = right && std::is_sorted(sorted.begin(), sorted.end());
  });
  return right ? Measured{sample.seconds / peer.seconds, sample.cpu_seconds * 1e6} : Measured{};
}

}  // namespace

Measured recursion_20k(const Run& run) { return ratio(run, 20'000); }
Measured recursion_5k(const Run& run) { return ratio(run, 5'000); }

}  // namespace manta::bench
