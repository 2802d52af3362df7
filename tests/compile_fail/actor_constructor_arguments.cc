// No constructor takes these arguments.
// Error: T has no constructor that takes these arguments
// Says: Counter
#include <string>

#include <manta/manta.h>

struct Counter {
  explicit Counter(int start) : n(start) {}
  int n = 0;
};

int main() {
  (void)manta::actor<Counter>(1);
#ifdef WRONG
  (void)manta::actor<Counter>(std::string("one"));
#endif
}
