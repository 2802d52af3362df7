// Calls of an actor that cannot be made.
// Error: ActorHandle::call(callable): its first parameter must take a T&
// Error: ActorHandle::call(callable): a generic callable
// Error: a data member is no method
// Error: C is neither the actor
// Error: x is a value that cannot be called
// Error: a std::function hides what it holds
// Error: captures cannot be listed
// Error: wrong number of arguments
// Error: there is no method to call
// Error: a text is no method
// Error: stands for the method's signature
// Error: say the class of the actor
// Error: an actor has manta::ActorOptions
#include <functional>
#include <string>

#include <manta/manta.h>

struct Account {
  int add(int x) { return balance += x; }
  int balance = 0;
};
struct Other {
  int add(int x) { return x; }
};

int twice(int x) { return 2 * x; }

int main() {
  const manta::ActorHandle<Account> account;
  const std::string text;
  (void)account.call([](const Account& a) { return a.balance; });
#ifdef WRONG
  const int a = manta::get(account.call([](Other& o) { return o.add(1); }));
  const int b = manta::get(account.call([] { return 1; }));
  const int c = manta::get(account.call([](auto& any) { return any.balance; }));
  const int d = manta::get(account.call(&Account::balance));
  const int e = manta::get(account.call(&Other::add, 1));
  const int f = manta::get(account.call(a + b + c + d + e));
  account.post(std::function<int(Account&)>());
  account.post([text](Account&) { return text; });
  const int g = manta::get(account.call(&Account::add));
  (void)account.call();
  account.post();
  (void)account.call("add", 1);
  (void)account.call<int>(&Account::add, 1);
  (void)manta::actor(Account());
  (void)manta::actor<twice>(1);
  (void)manta::actor<Account>(manta::TaskOptions{.cpus = 1});
  (void)f;
  (void)g;
#endif
}
