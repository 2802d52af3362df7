// What is done to the value of a refused get(), wait(), put() and the like is reported after the explanation.
// Error: x is no reference
// Error: it takes a list, manta::wait({ref})
// Error: it takes one ObjectRef<T> and no timeout
// Error: it takes a std::vector<ObjectRef<T>>, and perhaps a timeout
// Error: it stores one value
// Error: manta::get(): it takes a reference
// Follows: has no member named
// Follows: invalid use of member function
#include <chrono>
#include <string>
#include <vector>

#include <manta/manta.h>

int main() {
  const std::vector<int> numbers{1};
  const auto ref = manta::put(std::string("text"));
  (void)manta::get(ref).size();
#ifdef WRONG
  (void)manta::get(numbers).size();
  (void)manta::get(std::string("text")).length();
  (void)manta::get().size();
  (void)manta::wait(ref).ready.size();
  (void)manta::try_get(ref, std::chrono::seconds(1)).has_value();
  (void)manta::get_each(numbers).size();
  (void)manta::as_completed(numbers).front().size();
  (void)manta::put(1, 2).id();
#endif
}
