// A member that cannot be serialized is named with its class, its type and advice.
// Says: Job
// Says: lock
// Says: std::mutex
// Says: give it a manta_reduce(), register a serializer, or hold it in an actor
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include <manta/serialization/bytes.h>

struct Job {
  int n;
#ifdef WRONG
  std::mutex lock;
#endif
};
struct Plan {
  std::map<std::string, std::vector<Job>> jobs;
};

int main() { manta::serialize(Plan()); }
