// A bit of everything that a session does, to see that it still does it: small and large arguments and results, calls
// of calls, an actor.
#pragma once
#include <cstddef>
#include <vector>

#include <gtest/gtest.h>

#include <manta/manta.h>

namespace manta::testing {

inline int one_more(int i) { return i + 1; }

inline Array<double> twice(const Array<double>& array) {
  MutableArray<double> result(array.size());
  for (std::size_t i = 0; i < array.size(); ++i) result[i] = 2 * array[i];
  return std::move(result).freeze();
}

inline double calls_others(int i) {
  const ObjectRef<Array<double>> array = put(arange<double>(10'000));
  return get(remote(twice)(array))[9'999] + get(remote(one_more)(i));
}

struct Sum {
  int total = 0;
  int add(int n) { return total += n; }
};

inline void expect_all_works() {
  std::vector<ObjectRef<double>> refs;
  for (int i = 0; i < 10; ++i) refs.push_back(remote(calls_others)(i));
  const auto sum = actor<Sum>();
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(get(refs[static_cast<std::size_t>(i)]), 2 * 9'999 + i + 1);
    EXPECT_EQ(get(sum.call(&Sum::add, 1)), i + 1);
  }
}

}  // namespace manta::testing
