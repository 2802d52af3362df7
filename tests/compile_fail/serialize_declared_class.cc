// A pointer to a class that is only declared.
// Says: Job
// Says: detail
// Says: include the header that defines it
#include <memory>

#include <manta/serialization/bytes.h>

struct Detail;
struct Job {
#ifdef WRONG
  std::shared_ptr<Detail> detail;
#endif
  int n;
};

int main() { manta::serialize(Job()); }
