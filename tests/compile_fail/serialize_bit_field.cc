// A bit field has no address: the class that has one is named, and the way out.
// Says: Flags
// Says: flags
// Says: bit field
// Says: give it a manta_reduce()
#include <string>
#include <vector>

#include <manta/serialization/bytes.h>

struct Flags {
#ifdef WRONG
  unsigned low : 3;
#else
  unsigned low;
#endif
  int n;
};
struct Job {
  std::string name;
  std::vector<Flags> flags;
};

int main() { manta::serialize(Job()); }
