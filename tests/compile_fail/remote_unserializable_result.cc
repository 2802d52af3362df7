// A result that cannot be serialized.
// Says: Stream
// Says: give it a manta_reduce()
#include <thread>

#include <manta/manta.h>

struct Stream {
  std::thread thread;
};
Stream make() { return {}; }
int make_good() { return 1; }

int main() {
  (void)manta::remote(make_good)();
#ifdef WRONG
  (void)manta::remote(make)();
#endif
}
