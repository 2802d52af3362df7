// A set of overloads cannot be found by one name.
// Says: f is an overloaded function or a function template
#include <cmath>

#include <manta/manta.h>

double half(double x) { return x / 2; }

int main() {
  (void)manta::named<"half", half>();
#ifdef WRONG
  (void)manta::named<"sine", std::sin>();
#endif
}
