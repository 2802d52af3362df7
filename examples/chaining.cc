// Chaining and fan-in: a reference stands where its value is expected, so a whole graph of calls is
// submitted without waiting for any of them.
//
//   slice(0) --> squares --\                a call starts when all values it needs are there;
//   slice(1) --> squares ----> total        they go from worker to worker, never through main
//   slice(2) --> squares --/
//
//   $ ./chaining
//
// Expected output:
//   sum of the squares below 3000: 8995500500
#include <iostream>
#include <numeric>
#include <vector>

#include <manta/manta.h>

constexpr int kSlice = 1000;

manta::MutableArray<long> slice(int i) {
  auto numbers = manta::uninitialized<long>(kSlice);
  std::iota(numbers.begin(), numbers.end(), i * kSlice);
  return numbers;
}

long squares(const manta::Array<long>& numbers) {
  return std::inner_product(numbers.begin(), numbers.end(), numbers.begin(), 0L);
}

long total(const std::vector<long>& parts) {
  return std::accumulate(parts.begin(), parts.end(), 0L);
}

int main() {
  auto session = manta::init();

  std::vector<manta::ObjectRef<long>> parts;
  for (int i = 0; i < 3; ++i) {
    auto numbers = manta::remote(slice)(i);            // ObjectRef<Array<long>>
    parts.push_back(manta::remote(squares)(numbers));  // chained: given for an Array<long>
  }
  manta::ObjectRef<long> sum = manta::remote(total)(parts);  // fan-in: given for a vector<long>
  std::cout << "sum of the squares below 3000: " << manta::get(sum) << "\n";
}
