// A Gate is an actor at which the calls of a test wait until the test opens it: so that it knows what has not ended
// yet.
//
//   auto gate = actor<Gate>();  auto late = remote(pass)(gate, 5);  ...  gate.post(&Gate::open);
#pragma once
#include <thread>

#include <manta/manta.h>

namespace manta::testing {

struct Gate {
  bool open_ = false;
  void open() { open_ = true; }
  bool is_open() const { return open_; }
};

inline void wait_at(const ActorHandle<Gate>& gate) {
  while (!get(gate.call(&Gate::is_open))) std::this_thread::yield();
}

inline int pass(ActorHandle<Gate> gate, int value) {
  wait_at(gate);
  return value;
}

}  // namespace manta::testing
