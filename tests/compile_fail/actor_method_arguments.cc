// The arguments of a method follow the rules of functions.
// Says: does not convert to its parameter
// Says: Argument<1,
#include <string>

#include <manta/manta.h>

struct Counter {
  int add(int d) { return n += d; }
  int n = 0;
};

int main() {
  auto counter = manta::actor<Counter>();
  (void)counter.call(&Counter::add, 1);
#ifdef WRONG
  (void)counter.call(&Counter::add, std::string("one"));
#endif
}
