// An actor is an object of a class.
// Says: T is no class
#include <manta/manta.h>

struct Account {
  int balance = 0;
};

int main() {
  (void)manta::actor<Account>();
#ifdef WRONG
  (void)manta::actor<int(int)>(1);
#endif
}
