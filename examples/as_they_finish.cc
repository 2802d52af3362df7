// Taking results as they finish: as_completed() gives the refs in that order, on_ready() calls back.
//
//   refs  [ . . * . * . . . ]  --as_completed-->  * * . . .      the same cost for each of 20 or of 100,000
//
//   $ ./as_they_finish
//
// Expected output:
//   20 results, their sum is 196
//   20 callbacks
#include <atomic>
#include <iostream>
#include <vector>

#include <manta/manta.h>

long collatz_steps(long n) {  // takes longer for some than for others
  long steps = 0;
  for (; n != 1; ++steps) n = n % 2 == 0 ? n / 2 : 3 * n + 1;
  return steps;
}

int main() {
  auto session = manta::init();

  std::atomic<int> callbacks = 0;
  std::vector<manta::ObjectRef<long>> refs;
  for (long n = 1; n <= 20; ++n) {
    refs.push_back(manta::remote(collatz_steps)(n));
    refs.back().on_ready([&callbacks] {  // on a thread of the library: must not block
      callbacks.fetch_add(1);
      callbacks.notify_one();
    });
  }

  int results = 0;
  long sum = 0;
  for (const auto& ref : manta::as_completed(refs)) {
    sum += manta::get(ref);
    ++results;
  }
  std::cout << results << " results, their sum is " << sum << "\n";

  for (int seen = 0; (seen = callbacks) != 20;) callbacks.wait(seen);
  std::cout << callbacks << " callbacks\n";
}
