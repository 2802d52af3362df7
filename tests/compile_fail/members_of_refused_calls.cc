// What is done to the value of a refused remote(), actor() and the like is reported after the explanation.
// Error: a method needs an object
// Error: manta::remote(): there is no function to call
// Error: say the class of the actor
// Error: the name stands in the angle brackets
// Error: there is no function: manta::named
// Error: needs a signature, such as int(int, int)
// Error: say the signature of the function in the angle brackets
// Error: R(A...) stands for the method's signature
// Follows: has no member named
#include <string>

#include <manta/manta.h>

struct Counter {
  int add(int n) { return n; }
};

int main() {
  const auto counter = manta::actor<Counter>();
  (void)manta::get(counter.call(&Counter::add, 1));
#ifdef WRONG
  (void)manta::remote(&Counter::add).options(1);
  (void)manta::remote().options(1);
  (void)manta::actor(1).kill();
  (void)manta::named([] { return 1; }).name();
  (void)manta::named<"one">().name();
  (void)manta::remote_named<int>("one").options(1);
  (void)manta::remote_named("one").options(1);
  (void)counter.call<int>(&Counter::add, 1).id();
#endif
}
