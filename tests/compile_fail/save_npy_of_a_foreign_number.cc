// numpy would take a 128-bit float for a long double.
// Says: numpy has no such number and would take it for another one
// Says: std::complex of float and double
#include <manta/manta.h>

#ifdef WRONG
__extension__ using Number = __float128;
#else
using Number = long double;
#endif

int main() { manta::save_npy("a.npy", manta::Array<Number>()); }
