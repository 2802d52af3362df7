// The members of an anonymous union cannot be told from those of its class.
// Says: Job
// Says: value
// Says: anonymous union
// Says: manta_members()
#include <manta/serialization/bytes.h>

struct Value {
  int kind;
#ifdef WRONG
  union {
    int i;
    float f;
  };
#endif
};
struct Job {
  Value value;
};

int main() { manta::serialize(Job()); }
