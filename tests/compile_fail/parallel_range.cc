// What map, map_reduce and parallel_for take as a range, and what a reduction may be.
// Error: the range is neither
// Error: the range is neither
// Error: f must return a value
// Error: what reduce returns does not convert
// Error: the initial value does not convert
#include <functional>
#include <ranges>
#include <string>
#include <vector>

#include <manta/manta.h>
#include <manta/parallel.h>

int square(int x) { return x * x; }

int main() {
  std::vector<int> numbers{1, 2, 3};
  (void)manta::map_reduce(numbers, square, std::plus<>());
#ifdef WRONG
  (void)manta::map(square, numbers | std::views::filter([](int n) { return n > 1; }));
  (void)manta::map(square, 3);
  (void)manta::map_reduce(
      numbers, [](int) {}, std::plus<>());
  (void)manta::map_reduce(numbers, square, [](int, int) { return std::string(); });
  (void)manta::map_reduce(numbers, square, std::plus<>(), std::string());
#endif
}
