#include "tbb_loops.h"

#include <functional>

#include <oneapi/tbb/blocked_range.h>
#include <oneapi/tbb/parallel_for.h>
#include <oneapi/tbb/parallel_reduce.h>
#include <oneapi/tbb/task_arena.h>

namespace manta::bench {
namespace {

using Elements = oneapi::tbb::blocked_range<std::size_t>;

}  // namespace

void tbb_parallel_for(std::size_t elements, std::uint32_t steps, int threads) {
  oneapi::tbb::task_arena arena(threads);
  arena.execute([=] {
    oneapi::tbb::parallel_for(Elements(0, elements), [=](const Elements& part) {
      for (std::size_t i = part.begin(); i < part.end(); ++i) burn_for_nothing(i, steps);
    });
  });
}

std::uint64_t tbb_parallel_reduce(std::size_t elements, std::uint32_t steps, int threads) {
  oneapi::tbb::task_arena arena(threads);
  return arena.execute([=] {
    return oneapi::tbb::parallel_reduce(
        Elements(0, elements), std::uint64_t{0},
        [=](const Elements& part, std::uint64_t sum) {
          for (std::size_t i = part.begin(); i < part.end(); ++i) sum += burn(i, steps);
          return sum;
        },
        std::plus<>());
  });
}

}  // namespace manta::bench
