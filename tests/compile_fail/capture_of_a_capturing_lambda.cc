// What capture() hands over are all captures there are.
// Says: the lambda itself must capture nothing
#include <manta/manta.h>

int main() {
  int k = 1;
  (void)manta::remote(manta::capture([](int a, int b) { return a + b; }, k))(2);
#ifdef WRONG
  (void)manta::remote(manta::capture([k](int a, int b) { return a + b + k; }, k))(2);
#endif
}
