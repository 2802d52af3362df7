// Runs so many tiny tasks in one batch, then gets a small value and an array so many times; hot_path_test counts its
// system calls.
#include <cstdlib>
#include <vector>

#include <manta/manta.h>

namespace {
int same(int x) { return x; }
}  // namespace

int main(int argc, char** argv) {
  const int tasks = argc > 1 ? std::atoi(argv[1]) : 0;
  const auto session = manta::init({.cpus = 2});
  const auto run = [](int count) {
    std::vector<manta::ObjectRef<int>> refs;
    for (int i = 0; i < count; ++i) refs.push_back(manta::remote(same)(i));
    (void)manta::get(refs);
  };
  run(1000);
  run(tasks);

  const int gets = argc > 2 ? std::atoi(argv[2]) : 0;
  const auto number = manta::put(7);
  const auto array = manta::put(manta::arange<double>(1 << 17));
  double sum = 0;
  for (int i = 0; i < gets; ++i) sum += manta::get(number) + manta::get(array)[1];
  return sum == gets * 8.0 ? 0 : 1;
}
