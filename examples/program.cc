// The whole idea in one program: functions run in worker processes, arrays are in shared memory, an
// object lives in a process of its own.
//
//   program (driver) --> node --> worker: mean, scale     worker: Counter
//        \________________ shared memory: data ________________/
//
//   $ ./program
//
// Expected output:
//   1e+07
//   15
#include <iostream>
#include <mutex>
#include <numeric>

#include <manta/manta.h>

double mean(const manta::Array<double>& a) {  // any function is a remote function
  // `a` points into shared memory: no copy was made
  return std::accumulate(a.begin(), a.end(), 0.0) / double(a.size());
}
double scale(double x, double k) { return x * k; }

class Counter {  // any class is an actor
 public:
  explicit Counter(int start) : n_(start) {}
  int add(int d) {
    std::lock_guard lock(mutex_);
    return n_ += d;
  }

 private:
  std::mutex mutex_;  // state that cannot be serialized: no problem
  int n_;
};

int main() {
  auto session = manta::init();  // a private node on this machine; no daemon, no config

  manta::ObjectRef<manta::Array<double>> data = manta::put(manta::arange<double>(10'000'000));
  manta::ObjectRef<double> m = manta::remote(mean)(data);  // returns at once
  // Chained: a ref where a double is expected.
  manta::ObjectRef<double> s = manta::remote(scale)(m, 2.0);
  std::cout << manta::get(s) << "\n";

  auto counter = manta::actor<Counter>(10);
  auto n = counter.call(&Counter::add, 5);
  std::cout << manta::get(n) << "\n";  // 15
}
