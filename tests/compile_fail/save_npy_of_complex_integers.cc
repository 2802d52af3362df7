// numpy has no complex numbers of integers: it would take them for floats.
// Says: numpy has no such number and would take it for another one
#include <complex>

#include <manta/manta.h>

#ifdef WRONG
using Number = std::complex<int>;
#else
using Number = std::complex<float>;
#endif

int main() { (void)manta::load_npy<Number>("a.npy"); }
