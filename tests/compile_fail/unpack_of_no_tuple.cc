// unpack() needs a tuple, unpack(n) a vector.
// Says: unpack() needs a function that returns a std::tuple or std::pair
#include <tuple>

#include <manta/manta.h>

std::tuple<int, int> both() { return {1, 2}; }
int one() { return 1; }

int main() {
  (void)manta::remote(both).unpack()();
#ifdef WRONG
  (void)manta::remote(one).unpack()();
#endif
}
