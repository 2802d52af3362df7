// A MutableArray is handed over by std::move, or copied.
// Says: is handed over with std::move(array)
// Says: MutableArray<double>&
#include <manta/manta.h>

double first(const manta::Array<double>& a) { return a[0]; }

int main() {
  auto a = manta::zeros<double>(10);
  (void)manta::remote(first)(a.copy());
#ifdef WRONG
  (void)manta::remote(first)(a);
#endif
}
