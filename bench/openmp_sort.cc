#include "openmp_sort.h"

#include <algorithm>

namespace manta::bench {
namespace {

std::vector<int> merge_sort(std::span<const int> numbers, std::size_t grain) {
  if (numbers.size() <= grain) {
    std::vector<int> sorted(numbers.begin(), numbers.end());
    std::sort(sorted.begin(), sorted.end());
    return sorted;
  }
  const std::size_t middle = numbers.size() / 2;
  std::vector<int> left;
  std::vector<int> right;
#pragma omp task shared(left) firstprivate(numbers, grain, middle)
  left = merge_sort(numbers.first(middle), grain);
#pragma omp task shared(right) firstprivate(numbers, grain, middle)
  right = merge_sort(numbers.subspan(middle), grain);
#pragma omp taskwait
  std::vector<int> merged(numbers.size());
  std::merge(left.begin(), left.end(), right.begin(), right.end(), merged.begin());
  return merged;
}

}  // namespace

std::vector<int> openmp_merge_sort(std::span<const int> numbers, std::size_t grain, int threads) {
  std::vector<int> sorted;
#pragma omp parallel num_threads(threads)
#pragma omp single
  sorted = merge_sort(numbers, grain);
  return sorted;
}

}  // namespace manta::bench
