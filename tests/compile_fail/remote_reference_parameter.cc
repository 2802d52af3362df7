// A parameter through which a function would write to its caller's object.
// Says: writes would be lost
// Says: Argument<1,
#include <manta/manta.h>

int take(const int& x) { return x; }
void change(int& x) { x = 1; }

int main() {
  int x = 0;
  (void)manta::remote(take)(x);
#ifdef WRONG
  (void)manta::remote(change)(x);
#endif
}
