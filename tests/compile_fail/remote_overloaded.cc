// A set of overloads, or a function template: only its signature tells which is meant.
// Says: f is an overloaded function or a function template
// Says: manta::remote<R(A...)>(f)
// Lines: 150
#include <cmath>

#include <manta/manta.h>

struct Account {
  int add(int) { return 1; }
  int add(double) { return 2; }
};

int main() {
  const manta::ActorHandle<Account> account;
  (void)manta::remote<double(double)>(std::sin)(1.0);
  (void)account.call<int(int)>(&Account::add, 1);
#ifdef WRONG
  (void)manta::remote(std::sin)(1.0);
#endif
}
