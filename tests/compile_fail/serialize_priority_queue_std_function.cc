// A priority_queue whose order nobody can send.
// Says: std::function<
// Says: make it a struct with an operator() and serializable members
#include <functional>
#include <queue>
#include <vector>

#include <manta/serialization/bytes.h>

#ifdef WRONG
using Less = std::function<bool(int, int)>;
#else
using Less = std::less<int>;
#endif
struct Plan {
  std::priority_queue<int, std::vector<int>, Less> jobs;
};

int main() { manta::serialize(Plan()); }
