// put() of what has no type of its own.
// Says: x has no type of its own
#include <cmath>
#include <vector>

#include <manta/manta.h>

int main() {
  (void)manta::put(std::vector<int>{1, 2});
#ifdef WRONG
  (void)manta::put(std::sin);
#endif
}
