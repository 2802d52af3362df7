// Calls of a function that does nothing, in worker processes: one at a time, in batches of 1000, from several callers,
// each depending on the one before, and a million before the first result is asked for.
// Units: tasks per second; seconds for the million. Floor: a round trip between two processes.
#include <string>
#include <vector>

#include <manta/manta.h>

#include "figures.h"
#include "loops.h"

namespace manta::bench {
namespace {

std::string small_value() { return "ok"; }
int add_one(int x) { return x + 1; }

void batch(int n) {
  std::vector<manta::ObjectRef<std::string>> refs;
  refs.reserve(static_cast<std::size_t>(n));
  for (int i = 0; i < n; ++i) refs.push_back(manta::remote(small_value)());
  (void)manta::get(refs);
}

class Submitter {
 public:
  int submit(int n) {
    batch(n);
    return n;
  }
};

}  // namespace

Measured tasks_sync(const Run& run) {
  const auto session = manta::init({.cpus = 2});
  const Measure measure(run.effort);
  return per_second(measure.rounds([] { (void)manta::get(manta::remote(small_value)()); }));
}

Measured tasks_async(const Run& run) {
  const auto session = manta::init({.cpus = 2});
  const Measure measure(run.effort);
  return per_second(measure.rounds([] { batch(1000); }), 1000);
}

// Four actors that submit 10,000 tasks each.
Measured multi_client_tasks_async(const Run& run) {
  const auto session = manta::init({.cpus = 2});
  const Measure measure(run.effort);
  const int tasks = measure.count(10'000, 100);
  std::vector<manta::ActorHandle<Submitter>> clients;
  for (int i = 0; i < 4; ++i) clients.push_back(manta::actor<Submitter>());
  const auto round = [&] {
    std::vector<manta::ObjectRef<int>> done;
    for (const auto& client : clients) done.push_back(client.call(&Submitter::submit, tasks));
    (void)manta::get(done);
  };
  return per_second(measure.rounds(round), 4.0 * tasks);
}

Measured chain_2000(const Run& run) {
  const auto session = manta::init({.cpus = 2});
  const Measure measure(run.effort);
  const int length = measure.count(2000, 50);
  bool right = true;
  const auto sample = measure.rounds([&] {
    auto ref = manta::remote(add_one)(0);
    for (int i = 1; i < length; ++i) ref = manta::remote(add_one)(ref);
    right = right && manta::get(ref) == length;
  });
  return right ? per_second(sample, length) : Measured{};
}

Measured queued_1m(const Run& run) {
  const auto session = manta::init({.cpus = 2});
  const Measure measure(run.effort);
  const int tasks = measure.count(1'000'000, 1000);
  Sample best;
  for (int i = 0; i < measure.count(2, 1); ++i) {
    Stopwatch watch(measure.cpu());
    watch.start();
    batch(tasks);
    watch.stop();
    if (watch.per_round(1).seconds < best.seconds) best = watch.per_round(1);
  }
  return seconds(best, tasks);
}

}  // namespace manta::bench
