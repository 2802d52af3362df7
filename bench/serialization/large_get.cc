// The get of a struct with a large array, in a worker that never got one before: what it takes to map the store and to
// build the value, and then what building takes alone. Nothing of it may depend on the array's size.
#include <chrono>
#include <stdexcept>

#include <manta/manta.h>

#include "measure.h"

namespace manta::bench {
namespace {

struct Frame {
  int number = 0;
  Array<std::uint8_t> pixels;
};

struct GetTimes {
  double fresh;
  double warm;
};

// Runs in the worker. The reference stands in a vector, so that the task gets it and not the value.
GetTimes time_gets(const std::vector<ObjectRef<Frame>>& frames, int rounds) {
  using Clock = std::chrono::steady_clock;
  const auto seconds_since = [](Clock::time_point began) {
    return std::chrono::duration<double>(Clock::now() - began).count();
  };
  GetTimes times{};
  long sum = 0;
  const auto round = [&] {
    const auto frame = get(frames.front());
    sum += frame.number + frame.pixels[frame.pixels.size() - 1];
  };
  const auto first = Clock::now();
  round();
  times.fresh = seconds_since(first);
  for (int i = 0; i < 100; ++i) round();
  const auto next = Clock::now();
  for (int i = 0; i < rounds; ++i) round();
  times.warm = seconds_since(next) / rounds;
  if (sum != 3L * (rounds + 101)) throw std::runtime_error("another frame was got");
  return times;
}

GetTimes once(std::size_t bytes, int rounds) {
  const auto session = init({.cpus = 2, .object_store_bytes = std::size_t{512} << 20});
  auto pixels = zeros<std::uint8_t>(bytes);
  pixels[bytes - 1] = 2;
  const auto frame = put(Frame{1, std::move(pixels)});
  return get(remote(time_gets)(std::vector{frame}, rounds));
}

}  // namespace

Row large_get(Pace pace) {
  const bool full = pace == Pace::kFull;
  Row row;
  row.library = "Manta";
  try {
    for (int i = 0; i < (full ? 5 : 1); ++i) {
      const auto times = once((full ? kFullSize : kSmokeSize).array_bytes, full ? 20'000 : 10);
      // fmin: of a number and none, the number.
      row.seconds[0] = std::fmin(row.seconds[0], times.fresh);
      row.seconds[1] = std::fmin(row.seconds[1], times.warm);
    }
  } catch (const std::exception& error) {
    row.error = error.what();
  }
  return row;
}

}  // namespace manta::bench
