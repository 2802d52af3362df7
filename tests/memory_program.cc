// A program with two objects, run by memory_tool_test.
//
//   memory_program asks|asks-beside COMMAND | leaks | leaks-in-actor | clean | full
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>

#include <manta/manta.h>

namespace {

constexpr std::size_t kSize = 1'000'000;

[[gnu::noinline]] manta::ObjectRef<manta::Array<char>> make_numbers() {
  return manta::put(manta::full<char>(kSize, 'x'), {.name = "numbers"});
}
manta::Array<char> make_result() { return manta::full<char>(kSize, 'y').freeze(); }

int run(const char* command) {
  return WEXITSTATUS(std::system(command));  // NOLINT: the test wrote it
}

class Keeper {
 public:
  int keep(manta::ObjectRef<manta::Array<char>> ref) {
    ref_ = std::move(ref);
    array_ = manta::get(ref_);
    return ::getpid();
  }

 private:
  manta::ObjectRef<manta::Array<char>> ref_;
  manta::Array<char> array_;
};

// The error of a store that has no room beside what is read.
int fill() {
  const auto numbers = make_numbers();
  const auto held = manta::get(manta::put(manta::zeros<char>(std::size_t{60} << 20)));
  try {
    manta::put(manta::zeros<char>(std::size_t{10} << 20));
  } catch (const manta::ObjectStoreFull& error) {
    std::fprintf(stderr, "%s\n", error.what());
  }
  return 0;
}

int asks(const char* command) {
  const auto numbers = make_numbers();
  const auto result = manta::remote(make_result)();
  manta::wait({result});
  return run(command);
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view mode = argc > 1 ? argv[1] : "";
  const char* const command = argc > 2 ? argv[2] : "true";
  std::optional<manta::ObjectRef<manta::Array<char>>> numbers;
  std::optional<manta::Array<char>> array;
  std::optional<manta::ActorHandle<Keeper>> keeper;
  if (mode == "full") {
    const auto session = manta::init({.object_store_bytes = std::size_t{64} << 20,
                                      .put_timeout = std::chrono::milliseconds(50),
                                      .overflow = false});
    return fill();
  }
  auto session = manta::init({.cpus = 1});
  if (mode == "asks") return asks(command);
  if (mode == "asks-beside") {
    const std::string both = std::string(argv[0]) + " asks '" + command + "'";
    return run(both.c_str());
  }
  numbers = make_numbers();
  if (mode == "leaks-in-actor") {
    keeper = manta::actor<Keeper>();
    const int pid = manta::get(keeper->call(&Keeper::keep, std::exchange(numbers, {}).value()));
    std::printf("the actor is process %d\n", pid);
    return 0;
  }
  array = manta::get(*numbers);
  if (mode == "clean") {
    numbers.reset();
    array.reset();
  }
  return 0;
}
