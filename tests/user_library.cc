#include "user_library.h"

namespace user {

double halve(double x) { return x / 2; }
std::string greet(const std::string& name) { return "hello " + name; }
int add(int a, int b) { return a + b; }
double add(double a, double b) { return a + b; }
int Multiplier::operator()(int x) const { return factor * x; }

namespace {
struct LibraryCategory : std::error_category {
  const char* name() const noexcept override { return "library"; }
  std::string message(int) const override { return "library error"; }
};
}  // namespace

int read_through(const int* pointer) { return *pointer + 1; }

const std::error_category& library_category() {
  static const LibraryCategory category;
  return category;
}

}  // namespace user
