#include "user_library.h"

namespace user {

double halve(double x) { return x / 2; }
std::string greet(const std::string& name) { return "hello " + name; }
int add(int a, int b) { return a + b; }
double add(double a, double b) { return a + b; }
int Multiplier::operator()(int x) const { return factor * x; }

}  // namespace user
