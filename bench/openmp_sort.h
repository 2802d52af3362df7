// The peer of loops_recursion.cc: the same merge sort with OpenMP tasks, in one process.
#pragma once
#include <cstddef>
#include <span>
#include <vector>

namespace manta::bench {

std::vector<int> openmp_merge_sort(std::span<const int> numbers, std::size_t grain, int threads);

}  // namespace manta::bench
