// Runs that many tiny tasks in one batch; hot_path_test counts its system calls.
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
}
