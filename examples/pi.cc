// The smallest useful program: many independent calls, one sum.
//
//   main --> hits(seed 0) hits(seed 1) ... hits(seed 99) --> get all --> pi
//
//   $ ./pi
//
// Expected output:
//   pi is about 3.14...
#include <iostream>
#include <random>
#include <vector>

#include <manta/manta.h>

constexpr int kThrows = 100'000;

int hits(unsigned seed) {
  std::mt19937 random(seed);
  std::uniform_real_distribution<double> unit;  // 0 to 1
  int inside = 0;
  for (int i = 0; i < kThrows; ++i) {
    const double x = unit(random);
    const double y = unit(random);
    inside += x * x + y * y < 1 ? 1 : 0;
  }
  return inside;
}

int main() {
  auto session = manta::init();
  std::vector<manta::ObjectRef<int>> refs;
  for (unsigned seed = 0; seed < 100; ++seed) {
    refs.push_back(manta::remote(hits)(seed));
  }
  double inside = 0;
  for (const int n : manta::get(refs)) inside += n;
  std::cout << "pi is about " << 4 * inside / (100.0 * kThrows) << "\n";
}
