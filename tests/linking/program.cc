// What tests/linking/run links in many ways: tasks, an array, an actor, and an exception that says where it was thrown.
#include <cstdio>
#include <stdexcept>
#include <string>

#include <manta/manta.h>

namespace {

int square(int x) { return x * x; }

double sum(const manta::Array<double>& values) {
  double total = 0;
  for (const double value : values) total += value;
  return total;
}

class Counter {
 public:
  explicit Counter(int start) : n_(start) {}
  int add(int d) { return n_ += d; }

 private:
  int n_;
};

}  // namespace

// Not static: the linker that drops unused sections keeps it, and its name.
[[gnu::noinline]] int throws_too_large(int x) {
  if (x > 0) throw std::out_of_range("too large");
  return x;
}

int main() {
  const auto session = manta::init({.cpus = 1, .object_store_bytes = 64 << 20});
  const int squared = manta::get(manta::remote(square)(7));
  const double total = manta::get(manta::remote(sum)(manta::put(manta::full<double>(9000, 0.5))));
  const auto counter = manta::actor<Counter>(10);
  std::printf("%d %g %d\n", squared, total, manta::get(counter.call(&Counter::add, 5)));
  try {
    manta::get(manta::remote(throws_too_large)(1));
  } catch (const std::out_of_range& error) {
    const std::string text = error.what();
    const bool told = text.find("too large") != std::string::npos;
    const bool placed = text.find("throws_too_large") != std::string::npos;
    std::printf("%s\n", told && placed ? "thrown" : text.c_str());
  }
}
