// Names and functions in the wrong place.
// Error: the name stands in the angle brackets
// Error: there is no function: manta::named<
// Error: it takes a function and no more
// Error: x is a value that cannot be called
// Error: say the signature of the function in the angle brackets
// Error: it takes the function's name and perhaps its manta::TaskOptions
#include <manta/manta.h>

int twice(int x) { return 2 * x; }

int main() {
  const manta::TaskOptions options{.cpus = 2};
  (void)manta::remote(manta::named<"twice", twice>(), options)(1);
  (void)manta::remote_named<int(int)>("twice", options)(1);
  (void)manta::remote_named<int(int)>("twice", {.cpus = 2})(1);
#ifdef WRONG
  (void)manta::remote(manta::named(twice))(1);
  (void)manta::named("twice", twice);
  (void)manta::named<"twice">();
  (void)manta::named<"twice">([](int x) { return x; }, options);
  (void)manta::named<"twice">(3);
  (void)manta::named<"twice", 3>();
  const int two = manta::get(manta::remote_named("twice")(1));
  (void)manta::remote_named<twice>("twice")(two);
  (void)manta::remote_named<int(int)>()(1);
  (void)manta::remote_named<int(int)>(twice)(1);
  (void)manta::remote_named<int(int)>("twice", 1);
#endif
}
