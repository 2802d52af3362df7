// A method of another class.
// Error: C is neither the actor's class nor a base of it
// Says: Counter
// Says: Other
#include <manta/manta.h>

struct Counter {
  int add(int d) { return n += d; }
  int n = 0;
};
struct Other {
  int add(int d) { return d; }
};

int main() {
  auto counter = manta::actor<Counter>();
  (void)counter.call(&Counter::add, 1);
#ifdef WRONG
  (void)counter.call(&Other::add, 1);
#endif
}
