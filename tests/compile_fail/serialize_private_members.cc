// Says: Account
// Says: manta_members()
#include <tuple>

#include <manta/serialization/bytes.h>

class Account {
 public:
  int id() const { return id_; }
#ifndef WRONG
  static constexpr auto manta_members() { return std::tuple(&Account::id_); }
#endif

 private:
  int id_ = 0;
};

int main() { manta::serialize(Account()); }
