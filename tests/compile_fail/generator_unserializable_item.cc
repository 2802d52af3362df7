// The member and the advice are named, as with any result.
// Says: lock
// Says: std::mutex
// Says: it stands for something that lives in this process only
// Lines: 40
#include <memory>
#include <mutex>

#include <manta/manta.h>

struct Job {
  int number = 0;
#ifdef WRONG
  std::shared_ptr<std::mutex> lock = {};
#endif
};

manta::Generator<Job> jobs(int n) {
  for (int i = 0; i < n; ++i) {
    Job job;
    job.number = i;
    co_yield job;
  }
}

int main() {
  for (const auto& ref : manta::remote(jobs)(1)) {
    const Job job = manta::get(ref);
    (void)job;
  }
}
