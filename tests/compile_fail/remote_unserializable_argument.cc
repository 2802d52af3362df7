// An argument that cannot be serialized: the member, its type and the advice are in the output.
// Says: Job::lock
// Says: std::mutex
// Says: give it a manta_reduce(), register a serializer, or hold it in an actor
#include <mutex>

#include <manta/manta.h>

struct Job {
  int n = 0;
  std::mutex lock;
};
struct Good {
  int n = 0;
};
int run(const Job& job) { return job.n; }
int run_good(const Good& job) { return job.n; }

int main() {
  (void)manta::remote(run_good)(Good{});
#ifdef WRONG
  (void)manta::remote(run)(Job{});
#endif
}
