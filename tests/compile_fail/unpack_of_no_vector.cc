// Says: unpack(n) needs a function that returns a std::vector
#include <vector>

#include <manta/manta.h>

std::vector<int> many() { return {1, 2}; }
int one() { return 1; }

int main() {
  (void)manta::remote(many).unpack(2)();
#ifdef WRONG
  (void)manta::remote(one).unpack(2)();
#endif
}
