// A user's program: prints 42, computed in a worker.
#include <iostream>

#include <manta/manta.h>

int twice(int x) { return 2 * x; }

int main() {
  auto session = manta::init();
  std::cout << manta::get(manta::remote(twice)(21)) << "\n";
}
