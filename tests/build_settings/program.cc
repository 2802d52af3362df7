// A user's program as it comes: several uses of Manta, each of which would be an error of its own.
#include <cstdio>
#include <exception>
#include <vector>

#include <manta/manta.h>

std::vector<int> list_of_another_file();

static int sum(const std::vector<int>& list) {
  int total = 0;
  for (const int number : list) total += number;
  return total;
}

int main() try {
  auto session = manta::init({.cpus = 1});
  manta::ObjectRef<int> total = manta::remote(sum)(list_of_another_file());
  std::printf("%d\n", manta::get(total));
} catch (const std::exception& error) {
  std::fprintf(stderr, "refused: %s\n", error.what());
  return 1;
}
