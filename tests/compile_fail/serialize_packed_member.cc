// No reference may lead to a packed member.
// Says: Header
// Says: packed member
// Says: manta_members()
#include <optional>

#include <manta/serialization/bytes.h>

#ifdef WRONG
struct [[gnu::packed]] Header {
#else
struct Header {
#endif
  char kind;
  double time;
};

int main() { manta::serialize(std::optional<Header>()); }
