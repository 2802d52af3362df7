// A manta_reduce() whose result does not make the value again.
// Says: Connection
// Says: give it a constructor with those parameters, or a static manta_restore() that takes them
#include <string>
#include <tuple>
#include <vector>

#include <manta/serialization/bytes.h>

class Connection {
 public:
  explicit Connection(const std::string& path) : path_(path) {}
  auto manta_reduce() const {
#ifdef WRONG
    return std::tuple(path_, 7);
#else
    return std::tuple(path_);
#endif
  }

 private:
  std::string path_;
};
struct Pool {
  std::vector<Connection> connections;
};

int main() { (void)manta::serialize(Pool{}); }
