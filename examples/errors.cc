// Errors cross processes: what a task throws, get() throws, of the same type, with the place where
// it happened; a worker that dies is an error like others.
//
//   parse("x7") throws --> twice(...) never runs --> get() throws the first cause
//
//   $ ./errors
//
// Expected output:
//   caught std::invalid_argument: ...
//     thrown by parse, attempt 1
//   caught std::runtime_error
//   the worker crashed with signal 6
//   and the session goes on: 42
#include <cstdlib>
#include <iostream>
#include <stdexcept>
#include <string>

#include <manta/manta.h>

int parse(const std::string& text) { return std::stoi(text); }  // throws std::invalid_argument
int twice(int x) { return 2 * x; }
void fail() { throw std::runtime_error("no"); }
int crash() { std::abort(); }

int main() {
  auto session = manta::init();

  auto number = manta::remote(parse)("x7");
  try {
    manta::get(manta::remote(twice)(number));
  } catch (const std::invalid_argument& error) {  // it is a manta::TaskError, too
    const auto& task = dynamic_cast<const manta::TaskError&>(error);
    std::cout << "caught std::invalid_argument: " << task.message() << "\n"
              << "  thrown by " << task.function() << ", attempt " << task.attempt() << "\n";
  }

  try {
    manta::get(manta::remote(fail)());
  } catch (const manta::TaskErrorOf<std::runtime_error>& error) {
    std::cout << "caught std::runtime_error\n";
  }

  try {
    manta::get(manta::remote(crash, {.max_retries = 0})());
  } catch (const manta::WorkerCrashed& error) {
    std::cout << "the worker crashed with signal " << error.signal() << "\n";
  }

  std::cout << "and the session goes on: " << manta::get(manta::remote(twice)(21)) << "\n";
}
