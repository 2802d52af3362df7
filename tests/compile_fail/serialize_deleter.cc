// What is read comes from new; a deleter of its own may free() it.
// Says: Job
// Says: buffer
// Says: use std::default_delete or a std::shared_ptr
#include <cstdlib>
#include <memory>

#include <manta/serialization/bytes.h>

struct Free {
  void operator()(int* p) const { std::free(p); }
};
#ifdef WRONG
using Buffer = std::unique_ptr<int, Free>;
#else
using Buffer = std::unique_ptr<int>;
#endif
struct Job {
  int n;
  Buffer buffer;
};

int main() { manta::serialize(Job()); }
