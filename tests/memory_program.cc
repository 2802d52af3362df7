// A program with two objects, run by memory_tool_test.
//
//   memory_program asks|asks-beside COMMAND | leaks | clean
#include <cstdlib>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <sys/wait.h>
#include <unistd.h>

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
  auto session = manta::init({.cpus = 1});
  if (mode == "asks") return asks(command);
  if (mode == "asks-beside") {
    const std::string both = std::string(argv[0]) + " asks '" + command + "'";
    return run(both.c_str());
  }
  numbers = make_numbers();
  array = manta::get(*numbers);
  if (mode == "clean") {
    numbers.reset();
    array.reset();
  }
  return 0;
}
