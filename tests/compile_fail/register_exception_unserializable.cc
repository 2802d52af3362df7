// A registered exception must travel.
// Says: Broken
// Says: give it a manta_reduce()
#include <mutex>
#include <stdexcept>

#include <manta/manta.h>

struct Broken : std::runtime_error {
  Broken() : std::runtime_error("broken") {}
  std::mutex mutex;
};

int main() {
#ifdef WRONG
  manta::register_exception<Broken>();
#endif
}
