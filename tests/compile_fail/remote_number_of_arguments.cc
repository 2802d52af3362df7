// A call has as many arguments as the function has parameters: default arguments do not apply.
// Says: wrong number of arguments
// Says: default arguments do not apply
#include <manta/manta.h>

int scale(int x, int by = 2) { return x * by; }

int main() {
  (void)manta::remote(scale)(1, 2);
#ifdef WRONG
  (void)manta::remote(scale)(1);
#endif
}
