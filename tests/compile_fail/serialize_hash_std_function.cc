// A hash that is a std::function, in a container in a container.
// Says: std::function<
// Says: make it a struct with an operator() and serializable members
#include <functional>
#include <unordered_set>
#include <vector>

#include <manta/serialization/bytes.h>

#ifdef WRONG
using Hash = std::function<std::size_t(int)>;
#else
using Hash = std::hash<int>;
#endif

int main() { manta::serialize(std::vector<std::unordered_set<int, Hash>>()); }
