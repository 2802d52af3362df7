// A function template has no type of its own.
// Says: f is an overloaded function or a function template
// Lines: 150
#include <manta/manta.h>

template <class T>
T twice(T x) {
  return x + x;
}

int main() {
  (void)manta::remote<int(int)>(twice)(1);
  (void)manta::remote(twice<int>)(1);
#ifdef WRONG
  (void)manta::get(manta::remote(twice)(1));
#endif
}
