// An argument that does not convert to its parameter: position and types are named.
// Says: does not convert to its parameter
// Says: Argument<2, Unrelated
// Says: double
#include <manta/manta.h>

struct Unrelated {};
double scale(int x, double by) { return x * by; }

int main() {
  (void)manta::remote(scale)(1, 2.0);
#ifdef WRONG
  (void)manta::remote(scale)(1, Unrelated{});
#endif
}
