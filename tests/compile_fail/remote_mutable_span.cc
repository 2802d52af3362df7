// A span through which a function would write to its caller's elements.
// Says: writes would be lost
// Says: std::span<const T>
#include <span>
#include <vector>

#include <manta/manta.h>

double first(std::span<const double> s) { return s[0]; }
void clear(std::span<double> s) { s[0] = 0; }

int main() {
  std::vector<double> v(3);
  (void)manta::remote(first)(v);
#ifdef WRONG
  (void)manta::remote(clear)(v);
#endif
}
