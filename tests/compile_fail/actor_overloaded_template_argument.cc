// A set of overloaded methods, of which only the signature tells which is meant.
// Says: the method is overloaded or a template
#include <manta/manta.h>

struct Account {
  int add(int x) { return x; }
  int add(double) { return 1; }
  int twice(int x) { return 2 * x; }
};

int main() {
  const manta::ActorHandle<Account> account;
  account.post<int(int)>(&Account::add, 1);
  account.post<int(double)>(&Account::add, 1);
  (void)account.call<&Account::twice>(1);
#ifdef WRONG
  (void)account.call<&Account::add>(1);
#endif
}
