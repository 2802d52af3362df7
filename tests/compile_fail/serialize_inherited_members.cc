// The members of a base would be lost without a word.
// Says: Derived
// Says: list them all, inherited ones too, in static constexpr auto manta_members()
#include <manta/serialization/bytes.h>

struct Base {
#ifdef WRONG
  int inherited;
#endif
};
struct Derived : Base {
  int own;
};

int main() { manta::serialize(Derived()); }
