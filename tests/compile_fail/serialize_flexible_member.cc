// An array without a length at the end of a struct does not say how much of it there is.
// Says: Packet
// Says: length
// Says: manta_reduce()
#include <manta/serialization/bytes.h>

#pragma GCC diagnostic ignored "-Wpedantic"

struct Packet {
  int length;
#ifdef WRONG
  int items[];
#else
  int items[4];
#endif
};

int main() { manta::serialize(Packet()); }
