// A library with Manta inside, for hosts that know nothing of Manta (library_host.cc).
#include <cstdio>
#include <exception>
#include <filesystem>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include <manta/manta.h>

#define EXPORTED extern "C" [[gnu::visibility("default")]]

EXPORTED int library_open(const char* worker, const char* library, const char* const* arguments);
EXPORTED int library_use();
EXPORTED int library_use_names();
EXPORTED void library_close();
EXPORTED void library_serve();

namespace {

std::optional<manta::Session> session;

int square(int x) { return x * x; }
double sum(const manta::Array<double>& values) {
  double total = 0;
  for (const double value : values) total += value;
  return total;
}
int throws_in_library(int x) {
  if (x > 0) throw std::out_of_range("too large");
  return x;
}
int nested(int x) { return manta::get(manta::remote(square, {.cpus = 0})(x)) + 1; }

class Counter {
 public:
  explicit Counter(int start) : n_(start) {}
  int add(int d) { return n_ += d; }

 private:
  int n_;
};

// Says what goes wrong; the C++ of a host need not be ours.
template <class F>
int guarded(F function) {
  try {
    function();
    return 0;
  } catch (const std::exception& error) {
    std::printf("refused: %s\n", error.what());
  }
  return 1;
}

void use() {
  std::printf("square: %d\n", manta::get(manta::remote(square)(7)));
  std::printf("nested: %d\n", manta::get(manta::remote(nested)(3)));
  const auto values = manta::put(manta::full<double>(100'000, 0.5));
  std::printf("sum: %g\n", manta::get(manta::remote(sum)(values)));
  const auto counter = manta::actor<Counter>(10);
  std::printf("actor: %d\n", manta::get(counter.call(&Counter::add, 5)));
  try {
    manta::get(manta::remote(throws_in_library)(1));
  } catch (const std::out_of_range& error) {
    std::printf("thrown: %s\n", error.what());
  }
}

}  // namespace

// `library`: its own path, for worker.libraries; empty: the workers do not load it. `arguments` ends with null.
int library_open(const char* worker, const char* library, const char* const* arguments) {
  return guarded([&] {
    manta::InitOptions options{.cpus = 1, .object_store_bytes = 64 << 20};
    options.worker.path = worker;
    if (*library != 0) options.worker.libraries = {library};
    for (; *arguments != nullptr; ++arguments) options.worker.args.emplace_back(*arguments);
    session.emplace(manta::init(options));
  });
}

int library_use() { return guarded(use); }

int library_use_names() {
  return guarded([] {
    std::printf("added: %d\n", manta::get(manta::remote_named<int(int, int)>("add")(1, 2)));
    std::printf("nested: %d\n", manta::get(manta::remote_named<int(int)>("nested")(4)));
  });
}

void library_close() { session.reset(); }

void library_serve() { manta::run_if_worker(); }
