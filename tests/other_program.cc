// Another program than the tests': its functions are called by name. Its main() never runs in a worker.
#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <vector>

#include <manta/manta.h>

namespace {

struct Sample {  // declared again in named_test.cc
  std::string label;
  std::vector<double> values;
};

double mean(const Sample& sample) {
  double sum = 0;
  for (const double value : sample.values) sum += value;
  return sum / static_cast<double>(sample.values.size());
}
std::string argument() {
  const char* value = std::getenv("OTHER_PROGRAM");
  return value == nullptr ? "" : value;
}
int twin(int x) { return x; }

[[maybe_unused]] const auto by_name =
    std::tuple(manta::named<"add">([](int a, int b) { return a + b; }),
               manta::named<"mean", mean>(), manta::named<"argument", argument>(),
               manta::named<"total">([](const manta::Array<double>& values) {
                 double sum = 0;
                 for (const double value : values) sum += value;
                 return sum;
               }),
               manta::named<"divide">([](int a, int b) { return std::pair(a / b, a % b); }),
               manta::named<"fail">([](const std::string& why) { throw std::out_of_range(why); }),
               manta::named<"twice", twin>(), manta::named<"twice">([](int x) { return 2 * x; }),
               manta::named<"nested">([](int n) {  // calls by name in a task
                 return manta::get(manta::remote_named<int(int, int)>("add", {.cpus = 0})(n, n));
               }));

}  // namespace

int main() {
  std::puts("the main() of other_program ran");
  return 1;
}
