// A function pointer as comparator is state that would be lost.
// Says: bool (*)(int, int)
// Says: make it a struct with an operator() and serializable members
#include <functional>
#include <set>

#include <manta/serialization/bytes.h>

#ifdef WRONG
using Less = bool (*)(int, int);
#else
using Less = std::less<>;
#endif
struct Job {
  std::set<int, Less> steps;
};

int main() { manta::serialize(Job()); }
