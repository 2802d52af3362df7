// Many references at once: waited for one by one, inside one object, as arguments, in one get, as results of one task.
// Units: rounds per second, or milliseconds per round. Floor: a round trip between two processes for each reference.
#include <cstddef>
#include <numeric>
#include <string>
#include <vector>

#include <manta/manta.h>

#include "figures.h"
#include "loops.h"

namespace manta::bench {
namespace {

using Refs = std::vector<manta::ObjectRef<int>>;

std::string small_value() { return "ok"; }

Refs put_many(int n) {
  Refs refs;
  refs.reserve(static_cast<std::size_t>(n));
  for (int i = 0; i < n; ++i) refs.push_back(manta::put(1));
  return refs;
}

int sum(const std::vector<int>& values) { return std::accumulate(values.begin(), values.end(), 0); }
std::vector<int> ones(int n) { return std::vector<int>(static_cast<std::size_t>(n), 1); }

Refs finished_tasks(int n) {
  Refs refs;
  for (int i = 0; i < n; ++i) refs.push_back(manta::remote([] { return 1; })());
  (void)manta::wait(refs, {.num_ready = refs.size()});
  return refs;
}

Measured only_if(bool right, const Measured& measured) { return right ? measured : Measured{}; }

manta::Generator<int> numbers(int count) {
  for (int i = 0; i < count; ++i) {
    co_yield i;
  }
}

}  // namespace

// 1000 tasks, then wait() with what it left pending until nothing is.
Measured wait_1k(const Run& run) {
  const auto session = manta::init({.cpus = 2});
  const Measure measure(run.effort);
  const int tasks = measure.count(1000, 20);
  const auto round = [&] {
    std::vector<manta::ObjectRef<std::string>> pending;
    for (int i = 0; i < tasks; ++i) pending.push_back(manta::remote(small_value)());
    while (!pending.empty()) pending = manta::wait(std::move(pending)).pending;
  };
  return per_second(measure.rounds(round));
}

Measured get_10k_refs(const Run& run) {
  const auto session = manta::init({.cpus = 2});
  const Measure measure(run.effort);
  const int refs = measure.count(10'000, 100);
  const auto holder = manta::remote(put_many)(refs);
  (void)manta::get(holder);
  bool right = true;
  const auto round = [&] {
    right = right && manta::get(holder).size() == static_cast<std::size_t>(refs);
  };
  return only_if(right, per_second(measure.rounds(round)));
}

Measured args_10k(const Run& run) {
  const auto session = manta::init({.cpus = 2});
  const Measure measure(run.effort);
  const int count = measure.count(10'000, 100);
  const Refs refs = put_many(count);
  bool right = true;
  const auto round = [&] { right = right && manta::get(manta::remote(sum)(refs)) == count; };
  const auto sample = measure.rounds(round);
  return only_if(right, milliseconds(sample));
}

Measured get_10k_objects(const Run& run) {
  const auto session = manta::init({.cpus = 2});
  const Measure measure(run.effort);
  const int count = measure.count(10'000, 100);
  const Refs refs = put_many(count);
  bool right = true;
  const auto round = [&] { right = right && sum(manta::get(refs)) == count; };
  const auto sample = measure.rounds(round);
  return only_if(right, milliseconds(sample));
}

Measured returns_3k(const Run& run) {
  const auto session = manta::init({.cpus = 2});
  const Measure measure(run.effort);
  const int count = measure.count(3'000, 30);
  bool right = true;
  const auto round = [&] {
    const Refs refs = manta::remote(ones).unpack(static_cast<std::size_t>(count))(count);
    right = right && sum(manta::get(refs)) == count;
  };
  const auto sample = measure.rounds(round);
  return only_if(right, milliseconds(sample));
}

// 100,000 refs one by one; the tasks themselves are done: what is measured is as_completed().
Measured as_completed_100k(const Run& run) {
  const auto session = manta::init({.cpus = 2});
  const Measure measure(run.effort);
  const Refs refs = finished_tasks(measure.count(100'000, 100));
  bool right = true;
  const auto round = [&] {
    std::size_t seen = 0;
    for (const auto& ref : manta::as_completed(refs)) seen += ref.ready() ? 1 : 0;
    right = right && seen == refs.size();
  };
  const auto sample = measure.rounds(round);
  return only_if(right, seconds(sample));
}

// The same by wait(), which gives back all that are left, in order, each time.
Measured wait_100k(const Run& run) {
  const auto session = manta::init({.cpus = 2});
  const Measure measure(run.effort);
  const Refs refs = finished_tasks(measure.count(100'000, 100));
  bool right = true;
  const auto round = [&] {
    std::size_t seen = 0;
    for (auto left = refs; !left.empty(); ++seen) left = manta::wait(std::move(left)).pending;
    right = right && seen == refs.size();
  };
  const auto sample = measure.rounds(round);
  return only_if(right, seconds(sample));
}

// Items of one generator, each read as it comes.
Measured generator_items(const Run& run) {
  const auto session = manta::init({.cpus = 2});
  const Measure measure(run.effort);
  const int count = measure.count(100'000, 100);
  bool right = true;
  const auto round = [&] {
    long sum = 0;
    for (const auto& ref : manta::remote(numbers)(count)) sum += manta::get(ref);
    right = right && sum == static_cast<long>(count) * (count - 1) / 2;
  };
  const auto sample = measure.rounds(round);
  return only_if(right, per_second(sample, count));
}

}  // namespace manta::bench
