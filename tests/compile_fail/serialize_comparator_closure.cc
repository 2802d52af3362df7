// So are the captures of a lambda.
// Says: lambda
// Says: make it a struct with an operator() and serializable members
#include <map>

#include <manta/serialization/bytes.h>

int main() {
#ifdef WRONG
  int sign = -1;
  const auto less = [sign](int a, int b) { return sign * a < sign * b; };
#else
  const auto less = [](int a, int b) { return a < b; };
#endif
  manta::serialize(std::map<int, int, decltype(less)>(less));
}
