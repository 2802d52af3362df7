// A program whose tasks and actors crash, and which goes on: with workers, and in a local session. What a crashed call
// has held stays in the driver then, so that this is no test of the fixture, which looks for that.
//
// Expected output:
//   abort: WorkerCrashed, signal 6
//   null: WorkerCrashed, signal 11
//   inside: WorkerCrashed
//   beside: WorkerCrashed
//   write: ReadOnlyWrite
//   actor: ActorDied, ActorDied
//   another actor: 5
//   sum: 45
#include <cstdlib>
#include <iostream>
#include <thread>
#include <vector>

#include <manta/manta.h>

int aborts() { std::abort(); }
int* volatile nowhere = nullptr;
// Sanitizers would end the process before the fault.
__attribute__((no_sanitize("undefined", "address"))) int reads_null() { return *nowhere; }

class Counter {
 public:
  explicit Counter(int start) : count_(start) {}
  int add(int n) { return count_ += n; }
  int crash() { std::abort(); }

 private:
  int count_;
};

// A thread of the task waits meanwhile, for as long as the counter lives.
int crashes_beside_a_thread(const manta::ActorHandle<Counter>& counter) {
  std::thread([ended = counter.ended()] {
    try {
      manta::get(ended);
    } catch (const manta::RuntimeError&) {  // the session has ended
    }
  }).detach();
  manta::get(counter.call(&Counter::add, 1));
  std::abort();
}
int waits_for_a_crash() { return manta::get(manta::remote(aborts, {.max_retries = 0})()); }
int writes(const manta::Array<int>& array) {
  const_cast<int&>(array[0]) = 7;
  return array[0];
}
int same(int value) { return value; }

template <class Error, class T>
const char* ends(const manta::ObjectRef<T>& ref, const char* name) {
  try {
    manta::get(ref);
  } catch (const Error&) {
    return name;
  }
  return "nothing";
}

template <class F>
void tell_signal(const char* what, F function) {
  try {
    manta::get(manta::remote(function, {.max_retries = 0})());
  } catch (const manta::WorkerCrashed& error) {
    std::cout << what << ": WorkerCrashed, signal " << error.signal() << "\n";
  }
}

int main() {
  auto session = manta::init({.cpus = 2});
  tell_signal("abort", aborts);
  tell_signal("null", reads_null);
  std::cout << "inside: "
            << ends<manta::WorkerCrashed>(manta::remote(waits_for_a_crash, {.max_retries = 0})(),
                                          "WorkerCrashed")
            << "\n";
  auto other = manta::actor<Counter>(1);
  std::cout << "beside: "
            << ends<manta::WorkerCrashed>(
                   manta::remote(crashes_beside_a_thread, {.max_retries = 0})(other),
                   "WorkerCrashed")
            << "\n";
  manta::MutableArray<int> array(10);
  std::cout << "write: "
            << ends<manta::ReadOnlyWrite>(manta::remote(writes)(manta::put(std::move(array))),
                                          "ReadOnlyWrite")
            << "\n";
  auto counter = manta::actor<Counter>(1);
  std::cout << "actor: " << ends<manta::ActorDied>(counter.call(&Counter::crash), "ActorDied");
  std::cout << ", " << ends<manta::ActorDied>(counter.call(&Counter::add, 1), "ActorDied") << "\n";
  std::cout << "another actor: " << manta::get(manta::actor<Counter>(4).call(&Counter::add, 1))
            << "\n";
  std::vector<manta::ObjectRef<int>> refs;
  for (int i = 0; i < 10; ++i) refs.push_back(manta::remote(same)(i));
  int sum = 0;
  for (const int value : manta::get(refs)) sum += value;
  std::cout << "sum: " << sum << "\n";
}
