// A wrapper arrives as what it restores: no function gets the wrapper itself.
// Says: whose manta_restore() returns another type
// Says: parameters hold what it restores
#include <tuple>

#include <manta/manta.h>

struct Engine {
  explicit Engine(int size) : n(size) {}
  int n;
};
struct Plan {
  int n = 0;
  auto manta_reduce() const { return std::tuple(n); }
  static Engine manta_restore(int n) { return Engine(n); }
};
int build(const Engine& engine) { return engine.n; }
int build_plan(const Plan& plan) { return plan.n; }

int main() {
  (void)manta::remote(build)(Plan{1});
#ifdef WRONG
  (void)manta::remote(build_plan)(Plan{1});
#endif
}
