// Options in braces have no type of their own: what is wrong with the callable is said all the same. And nothing to call.
// Error: a std::function hides what it holds
// Error: x is a value that cannot be called
// Error: a method needs an object
// Error: f cannot be called with the parameters of this signature
// Error: beside f only its options are given here
// Error: manta::remote(): there is no function to call
#include <functional>

#include <manta/manta.h>

int twice(int x) { return 2 * x; }
int area(int x, int y) { return x * y; }
double area(double x, double y) { return x * y; }
struct Account {
  int add(int x) { return x; }
};

int main() {
  (void)manta::remote(twice, {.cpus = 2, .max_retries = 0})(3);
  (void)manta::remote<int(int)>([](auto x) { return x; }, {.name = "same"})(3);
  (void)manta::remote<int(int, int)>(area, {.cpus = 0.5})(3, 4);
#ifdef WRONG
  const std::function<int(int)> held(twice);
  const int six = manta::get(manta::remote(held, {.cpus = 2})(3));
  (void)manta::remote<int(int)>(held, {.max_retries = 0})(six);
  (void)manta::remote(twice(3), {.cpus = 2});
  (void)manta::remote(&Account::add, {.name = "add", .cpus = 2})(Account(), 1);
  (void)manta::remote<int(int)>([](auto x, auto y) { return x + y; }, {.cpus = 2})(3);
  (void)manta::remote(twice, {3});
  (void)manta::remote<int(int, int)>(area, 3, 4);
  (void)manta::remote();
  (void)manta::remote<int(int)>()(3);
#endif
}
