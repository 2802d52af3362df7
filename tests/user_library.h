// A shared library of the user's own, whose functions are called remotely.
#pragma once
#include <string>
#include <system_error>

namespace user {

double halve(double x);
std::string greet(const std::string& name);
int add(int a, int b);
double add(double a, double b);

const std::error_category& library_category();
int read_through(const int* pointer);

struct Multiplier {
  int factor = 1;
  int operator()(int x) const;
};

}  // namespace user
