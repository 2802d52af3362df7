// A Result must not be dropped. Only a warning, which our own build turns into an error.
// Says: nodiscard
#include "../../base/result.h"
#ifdef WRONG
#pragma GCC diagnostic error "-Wunused-result"
#endif

enum class Trouble { kAny };
manta::base::Result<int, Trouble> risky() { return 1; }

int main() {
#ifdef WRONG
  risky();
#endif
}
