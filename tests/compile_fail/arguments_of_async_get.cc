// What async_get() does not take.
// Error: manta::async_get(x, token): x is no reference to a value of known type
// Error: token is no completion token of Asio, and no handler
// Error: T can neither be moved nor copied
#include <exception>
#include <vector>

#include <asio/bind_executor.hpp>
#include <asio/io_context.hpp>

#include <manta/asio.h>
#include <manta/manta.h>

struct Pinned {
  explicit Pinned(int n) : number(n) {}
  Pinned(const Pinned&) = delete;
  int manta_reduce() const { return number; }
  int number;
};

int main() {
  const manta::ObjectRef<int> ref;
  const manta::ObjectRef<Pinned> pinned;
  const std::vector<manta::ObjectRef<int>> refs;
  asio::io_context io;
  manta::async_get(ref, [](std::exception_ptr, int) {});
#ifdef WRONG
  manta::async_get(manta::AnyRef(ref), [](std::exception_ptr, int) {});
  manta::async_get(refs, [](std::exception_ptr, std::vector<int>) {});
  manta::async_get(ref, [](int) {});
  manta::async_get(ref, asio::bind_executor(io, [](std::exception_ptr) {}));
  manta::async_get(ref, 3);
  manta::async_get(pinned, [](std::exception_ptr, int) {});
#endif
}
