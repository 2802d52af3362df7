// What cannot be done with generators and their streams.
// Error: does not convert to its parameter
// Error: unpack() of a generator
// Error: handle.post() of a generator
// Error: the items of a generator come one by one
// Error: must have a const call operator
// Error: the function is a generator
// Lines: 230
#include <string>
#include <vector>

#include <manta/manta.h>
#include <manta/parallel.h>

manta::Generator<int> numbers(int n) {
  for (int i = 0; i < n; ++i) co_yield i;
}
int sum_of(manta::Generator<int>) { return 0; }
struct Counter {
  manta::Generator<int> count(int n) const { return numbers(n); }
};
struct Holder {
  std::string name;
  manta::Generator<int> items;
};
int name_of(const Holder&) { return 0; }

int main() {
  const auto counter = manta::actor<Counter>();
  for (const auto& ref : manta::remote(numbers)(3)) (void)manta::get(ref);
  for (const auto& ref : counter.call(&Counter::count, 3)) (void)manta::get(ref);
#ifdef WRONG
  for (const auto& ref : manta::remote(numbers)("x")) (void)manta::get(ref);
  (void)manta::remote(numbers).unpack()(3);
  (void)manta::remote(numbers).unpack(3)(3);
  (void)counter.unpack().call(&Counter::count, 3);
  counter.post(&Counter::count, 3);
  (void)manta::remote(sum_of)(numbers(3));
  (void)manta::remote(name_of)(Holder{"a", numbers(3)});
  (void)manta::put(manta::remote(numbers)(3));
  int changes = 0;
  (void)manta::remote([changes](int n) mutable -> manta::Generator<int> {
    changes += n;
    co_yield changes;
  })(3);
  (void)manta::map(numbers, std::vector{1, 2});
#endif
}
