// A ref to a value that does not convert to the parameter.
// Says: does not convert to its parameter
// Says: Argument<1,
// Says: ObjectRef<std::
#include <string>

#include <manta/manta.h>

int next(int x) { return x + 1; }

int main() {
  (void)manta::remote(next)(manta::put(1));
#ifdef WRONG
  (void)manta::remote(next)(manta::put(std::string("one")));
#endif
}
