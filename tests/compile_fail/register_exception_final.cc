// get() throws a type derived from the registered one.
// Says: must not be final
#include <stdexcept>

#include <manta/manta.h>

struct Open : std::runtime_error {
  Open() : std::runtime_error("open") {}
  auto manta_reduce() const { return std::tuple(); }
};
struct Closed final : std::runtime_error {
  Closed() : std::runtime_error("closed") {}
  auto manta_reduce() const { return std::tuple(); }
};

int main() {
  manta::register_exception<Open>();
#ifdef WRONG
  manta::register_exception<Closed>();
#endif
}
