// A generic lambda has no signature of its own.
// Says: generic, overloaded or not public
// Says: manta::remote<R(A...)>(f)
#include <manta/manta.h>

int main() {
  const auto twice = [](auto x) { return x + x; };
  (void)manta::remote<int(int)>(twice)(1);
#ifdef WRONG
  (void)manta::remote(twice)(1);
#endif
}
