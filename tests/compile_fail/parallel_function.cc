// What map, map_reduce and parallel_for call: an element that does not fit, a function that cannot be sent.
// Error: the function cannot be called with one element of the range
// Error: the function cannot be called with one element of the range
// Error: the function cannot be called with one element of the range
// Error: make tasks themselves
// Error: a std::function hides
// Error: captures cannot be listed
// Says: ElementCall
#include <functional>
#include <ranges>
#include <string>
#include <vector>

#include <manta/manta.h>
#include <manta/parallel.h>

int square(int x) { return x * x; }

int main() {
  const std::vector<std::string> texts{"a"};
  (void)manta::map([](const std::string& s) { return s; }, texts);
#ifdef WRONG
  const std::string captured;
  (void)manta::map(square, texts);
  manta::parallel_for(texts, [](std::string& s) { s.clear(); });
  (void)manta::map_reduce(std::views::iota(0, 3), square, [](int a) { return a; });
  (void)manta::map(manta::remote(square), std::views::iota(0, 3));
  (void)manta::map(std::function<int(int)>(square), std::views::iota(0, 3));
  (void)manta::map([captured](int n) { return captured + std::to_string(n); },
                   std::views::iota(0, 3));
#endif
}
