// Fan-in: each element must convert to the element of the parameter.
// Says: does not convert to its parameter
// Says: Argument<1,
#include <string>
#include <vector>

#include <manta/manta.h>

int total(const std::vector<int>& v) { return int(v.size()); }

int main() {
  (void)manta::remote(total)(std::vector{manta::put(1)});
#ifdef WRONG
  (void)manta::remote(total)(std::vector{manta::put(std::string("one"))});
#endif
}
