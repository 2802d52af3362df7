// What cannot be found by its name.
// Error: write manta::named<"name", f>()
// Error: a std::function hides what it holds
// Error: generic, overloaded or not public
// Error: the name is empty
// Error: a method needs an object
// Error: needs a signature, such as int(int, int)
#include <functional>

#include <manta/manta.h>

int twice(int x) { return 2 * x; }
struct Account {
  int add(int x) { return x; }
};

int main() {
  (void)manta::remote(manta::named<"twice", twice>())(1);
  (void)manta::named<"thrice">([](int x) { return 3 * x; });
#ifdef WRONG
  const int two = manta::get(manta::remote(manta::named<"a">(twice))(1));
  (void)manta::named<"b">(&twice);
  (void)manta::named<"c">(std::function<int(int)>(twice));
  (void)manta::named<"d">([](auto x) { return x; });
  (void)manta::named<"">([](int x) { return x; });
  (void)manta::named<"e">(&Account::add);
  (void)manta::named<"f", &Account::add>();
  (void)manta::remote_named<int>("g")(two);
#endif
}
