// A set of overloaded methods.
// Says: the method is overloaded or a template
// Says: handle.call<R(A...)>(&C::method, ...)
#include <manta/manta.h>

struct Account {
  int add(int) { return 1; }
  int add(double) { return 2; }
};

int main() {
  const manta::ActorHandle<Account> account;
  (void)account.call<int(double)>(&Account::add, 1);
#ifdef WRONG
  (void)manta::get(account.call(&Account::add, 1));
#endif
}
