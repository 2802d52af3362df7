// A volatile member is read only by a class that says so.
// Says: Register
// Says: volatile
// Says: manta_members()
#include <manta/serialization/bytes.h>

struct Register {
#ifdef WRONG
  volatile int now;
#else
  int now;
#endif
  int before;
};

int main() { manta::serialize(Register()); }
