// An Array is of trivially copyable elements.
// Says: keeps its elements as plain bytes
// Says: use std::vector
#include <string>

#include <manta/manta.h>

#ifdef WRONG
using Lines = manta::Array<std::string>;
#else
using Lines = std::vector<std::string>;
#endif

int count(const Lines&) { return 0; }

int main() { (void)manta::remote(count)(manta::ObjectRef<Lines>()); }
