// parallel_for gives no results: a function that returns some is refused.
// Says: what f returns would be lost
#include <ranges>

#include <manta/manta.h>
#include <manta/parallel.h>

int main() {
  manta::parallel_for(std::views::iota(0, 3), [](int) {});
#ifdef WRONG
  manta::parallel_for(std::views::iota(0, 3), [](int n) { return n; });
#endif
}
