// What is no function, or needs more than its address. None of these hides behind errors that follow from it.
// Error: a method needs an object
// Error: a data member is no function
// Error: C variadic arguments
// Error: a std::function hides what it holds
// Error: the result of std::bind has no signature
// Error: a reference means nothing in another process
// Error: f is a remote function already
// Error: there is no function to call
// Error: a text is no function
// Error: x is a value that cannot be called
// Error: x is an object that cannot be called
// Error: f is of an abstract class
// Error: f cannot be copied
#include <cstdio>
#include <functional>
#include <iostream>
#include <memory>
#include <string>

#include <manta/manta.h>

int twice(int x) { return 2 * x; }
struct Account {
  int add(int x) const { return balance + x; }
  int balance = 0;
};
struct Logger {
  int operator()(const char*, ...) const { return 0; }
};
struct Shape {
  virtual double operator()(double) const = 0;
  virtual ~Shape() = default;
};
struct Square final : Shape {
  double operator()(double x) const override { return x * x; }
};
struct Owner {
  int operator()(int x) const { return x; }
  std::unique_ptr<int> owned;
};

int main() {
  Owner owner;
  const Square square;
  const Shape& shape = square;
  (void)manta::remote([](const Account& a, int x) { return a.add(x); })(Account(), 1);
  (void)manta::remote(std::move(owner))(1);
  (void)shape;
#ifdef WRONG
  const manta::ObjectRef<int> sum = manta::remote(&Account::add)(Account(), 1);
  const int balance = manta::get(manta::remote(&Account::balance)(Account()));
  std::cout << manta::get(manta::remote(std::printf)("%d", 1)) << balance << "\n";
  (void)manta::remote(Logger())("%d", 1);
  (void)manta::remote(std::function<int(int)>(twice), manta::TaskOptions{.cpus = 2});
  (void)manta::remote<int(int)>(std::function<int(int)>(twice))(1);
  (void)manta::remote(std::bind(twice, 1))();
  (void)manta::remote(std::ref(square))(1.0);
  (void)manta::remote(manta::remote(twice))(1);
  (void)manta::remote(nullptr)(1);
  (void)manta::remote("twice")(1);
  (void)manta::remote(twice(3));
  (void)manta::remote(manta::put(3));
  (void)manta::remote(std::string("twice"))(1);
  (void)manta::remote(shape)(1.0);
  const Owner kept;
  (void)manta::remote(kept)(1);
  (void)manta::remote<&Account::add>(Account(), 1);
  (void)manta::remote<int(const char*, ...)>(std::printf)("%d", 1);
#endif
}
