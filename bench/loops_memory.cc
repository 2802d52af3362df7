// What an object and a call cost in memory: bytes of the heap that the process uses more for each of many, as malloc
// counts them (mallinfo2): what is asked for, rounded up, with the 8 bytes before each piece. Not counted: the ref that
// the user holds, and what the worker and the store have. The figure is the same on every run.
// Units: bytes for each. Floor: none.
#include <malloc.h>
#include <unistd.h>
#include <vector>

#include <manta/manta.h>

#include "figures.h"
#include "loops.h"

namespace manta::bench {
namespace {

int add(int x, int y) { return x + y; }

// Holds its cpu until the session ends: what is submitted behind it stays queued.
int block() {
  for (;;) ::pause();
}

double heap_bytes() {
  const auto info = ::mallinfo2();
  return static_cast<double>(info.uordblks) + static_cast<double>(info.hblkhd);
}

// `make` gives one ref. The first few fill what is made once: a thread's scratch space, tables.
template <class Make>
Measured bytes_each(const Measure& measure, Make&& make) {
  const int count = measure.count(100'000, 1000);
  std::vector<manta::ObjectRef<int>> refs;
  refs.reserve(static_cast<std::size_t>(count) + 100);
  for (int i = 0; i < 100; ++i) refs.push_back(make(i));
  const double before = heap_bytes();
  for (int i = 0; i < count; ++i) refs.push_back(make(i));
  return {(heap_bytes() - before) / count};
}

}  // namespace

Measured small_put_bytes(const Run& run) {
  const auto session = manta::init({.cpus = 1});
  return bytes_each(Measure(run.effort), [](int i) { return manta::put(i); });
}

Measured queued_call_bytes(const Run& run) {
  const auto session = manta::init({.cpus = 1});
  const Measure measure(run.effort);  // runs a task: before the one that blocks
  const auto blocker = manta::remote(block)();
  return bytes_each(measure, [](int i) { return manta::remote(add)(i, i); });
}

// A number and a ref, to an object that is not there yet.
Measured queued_call_with_ref_bytes(const Run& run) {
  const auto session = manta::init({.cpus = 1});
  const Measure measure(run.effort);
  const auto blocker = manta::remote(block)();
  return bytes_each(measure, [&](int i) { return manta::remote(add)(i, blocker); });
}

}  // namespace manta::bench
