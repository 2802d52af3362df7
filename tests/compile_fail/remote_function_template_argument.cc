// remote<f>(x) of a function template.
// Says: f is an overloaded function or a function template
// Lines: 150
#include <manta/manta.h>

template <class T>
T twice(T x) {
  return x + x;
}

int main() {
  (void)manta::remote<twice<int>>(1);
#ifdef WRONG
  (void)manta::remote<twice>(1);
#endif
}
