// Tasks that call tasks: each half of the range is counted by a task of its own, down to small ones.
// A task that waits for a task that has not begun runs it itself, the newest first, while other workers take the
// oldest: so any depth and any grain work on any number of cores.
//
//                count 0..80000
//               /              \            the inner ones wait for two, the outermost count
//      0..40000                  40000..80000
//      /      \                    /      \ ...
//
//   $ ./nested_tasks
//
// Expected output:
//   7837 primes below 80000
#include <iostream>

#include <manta/manta.h>

bool is_prime(int n) {
  if (n < 2) return false;
  for (int d = 2; d * d <= n; ++d) {
    if (n % d == 0) return false;
  }
  return true;
}

int count_primes(int begin, int end) {
  if (end - begin <= 100) {
    int count = 0;
    for (int n = begin; n < end; ++n) count += is_prime(n) ? 1 : 0;
    return count;
  }
  const int middle = begin + (end - begin) / 2;
  auto left = manta::remote(count_primes)(begin, middle);
  auto right = manta::remote(count_primes)(middle, end);
  return manta::get(left) + manta::get(right);
}

int main() {
  auto session = manta::init();
  std::cout << manta::get(manta::remote(count_primes)(0, 80'000)) << " primes below 80000\n";
}
