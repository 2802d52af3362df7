// Says: next
// Says: use std::shared_ptr, std::unique_ptr, or manta::observer<T>
#include <vector>

#include <manta/serialization/bytes.h>

struct Node {
  int n;
#ifdef WRONG
  Node* next;
#endif
};

int main() { manta::serialize(std::vector<Node>()); }
