// remote<f>(x) of a set of overloads.
// Says: f is an overloaded function or a function template
// Says: manta::remote<R(A...)>(f)
// Lines: 150
#include <cmath>

#include <manta/manta.h>

double half(double x) { return x / 2; }

int main() {
  (void)manta::remote<half>(1.0);
#ifdef WRONG
  const double sine = manta::get(manta::remote<std::sin>(1.0));
  (void)sine;
#endif
}
