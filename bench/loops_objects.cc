// Small puts and gets, and the get of large arrays, which copies nothing.
// Units: operations per second; microseconds for the large arrays. Floor: a round trip between two processes; of the
// scaling, itself.
#include <manta/manta.h>

#include "figures.h"
#include "loops.h"

namespace manta::bench {
namespace {

int put_many() {
  for (int i = 0; i < 100; ++i) (void)manta::put(0);
  return 0;
}

class Putter {
 public:
  int put(int count) {
    for (int i = 0; i < count; ++i) (void)manta::put(array_);
    return count;
  }

 private:
  const manta::Array<double> array_ = manta::arange<double>(16);
};

}  // namespace

Measured get_small(const Run& run) {
  const auto session = manta::init({.cpus = 2});
  const Measure measure(run.effort);
  const auto ref = manta::put(0);
  return per_second(measure.rounds([&] { (void)manta::get(ref); }));
}

Measured put_small(const Run& run) {
  const auto session = manta::init({.cpus = 2});
  const Measure measure(run.effort);
  return per_second(measure.rounds([&] { (void)manta::put(0); }));
}

// An array, however small, is in shared memory; 128 bytes are what an int is to Ray's store.
Measured put_small_shared(const Run& run) {
  const auto session = manta::init({.cpus = 2});
  const Measure measure(run.effort);
  const manta::Array<double> array = manta::arange<double>(16);
  return per_second(measure.rounds([&] { (void)manta::put(array); }));
}

// Ten tasks at a time, each of which puts a hundred times.
Measured multi_client_put(const Run& run) {
  const auto session = manta::init({.cpus = 2});
  const Measure measure(run.effort);
  const auto round = [&] {
    std::vector<manta::ObjectRef<int>> done;
    for (int i = 0; i < 10; ++i) done.push_back(manta::remote(put_many)());
    (void)manta::get(done);
  };
  return per_second(measure.rounds(round), 1000);
}

// How many times as many small arrays two clients put into the store together, as one does alone.
Measured put_scaling(const Run& run) {
  const auto session = manta::init({.cpus = 2});
  const Measure measure(run.effort);
  const int puts = measure.count(100'000, 100);
  const std::vector<manta::ActorHandle<Putter>> clients{manta::actor<Putter>(),
                                                        manta::actor<Putter>()};
  const auto puts_of = [&](std::size_t count) {
    std::vector<manta::ObjectRef<int>> done;
    for (std::size_t i = 0; i < count; ++i) done.push_back(clients[i].call(&Putter::put, puts));
    (void)manta::get(done);
  };
  const Sample one = measure.rounds([&] { puts_of(1); });
  const Sample two = measure.rounds([&] { puts_of(2); });
  return {.value = 2 * one.seconds / two.seconds};
}

namespace {

constexpr std::uint64_t kStoreBytes = std::uint64_t{2} << 30;

Measured get_array(const Run& run, std::size_t size) {
  const auto session = manta::init({.cpus = 2, .object_store_bytes = kStoreBytes});
  const Measure measure(run.effort);
  const auto bytes = measure.count(size, std::size_t{1} << 20);
  const auto ref = manta::put(manta::zeros<std::uint8_t>(bytes));
  double sum = 0;
  const auto sample = measure.rounds([&] { sum += manta::get(ref)[0]; });
  return sum == 0 ? microseconds(sample) : Measured{};
}

}  // namespace

Measured get_100mib(const Run& run) { return get_array(run, std::size_t{100} << 20); }
Measured get_1gib(const Run& run) { return get_array(run, std::size_t{1} << 30); }

}  // namespace manta::bench
