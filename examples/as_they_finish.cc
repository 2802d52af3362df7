// Taking results as they finish: wait() gives those that are ready, on_ready() calls back.
//
//   refs  [ . . * . * . . . ]  --wait, up to 2-->  ready [* *]   pending [. . . . . .]
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
  std::vector<manta::ObjectRef<long>> pending;
  for (long n = 1; n <= 20; ++n) {
    pending.push_back(manta::remote(collatz_steps)(n));
    pending.back().on_ready([&callbacks] {  // on a thread of the library: must not block
      callbacks.fetch_add(1);
      callbacks.notify_one();
    });
  }

  int results = 0;
  long sum = 0;
  while (!pending.empty()) {
    auto [ready, rest] = manta::wait(pending);  // one by default; {.num_ready = n, .timeout = t}
    for (const long steps : manta::get(ready)) {
      ++results;
      sum += steps;
    }
    pending = std::move(rest);
  }
  std::cout << results << " results, their sum is " << sum << "\n";

  for (int seen = 0; (seen = callbacks) != 20;) callbacks.wait(seen);
  std::cout << callbacks << " callbacks\n";
}
