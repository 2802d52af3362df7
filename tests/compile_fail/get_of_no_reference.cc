// get() and wait() of what is no reference.
// Error: x is no reference
// Error: an AnyRef has forgotten the type
// Error: after the reference (or the vector of references) comes a timeout
// Error: it takes a list, manta::wait({ref})
// Error: x is no list of references
// Error: after the references come manta::WaitOptions
#include <chrono>
#include <iostream>
#include <string>
#include <vector>

#include <manta/manta.h>

int main() {
  const manta::ObjectRef<int> ref;
  const manta::ObjectRef<std::string> text;
  const std::vector<manta::ObjectRef<int>> refs;
  (void)manta::get(ref, std::chrono::seconds(1));
  (void)manta::get(ref, text, ref);
  (void)manta::get({ref, ref});
  (void)manta::get(refs, std::chrono::seconds(1));
  (void)manta::wait(refs, {.num_ready = 1});
  (void)manta::wait({ref, ref});
#ifdef WRONG
  std::cout << manta::get(3) << "\n";
  const int value = manta::get(std::vector<int>{1});
  (void)manta::get(manta::AnyRef(ref));
  (void)manta::get(ref, "text");
  (void)manta::get(refs, value);
  (void)manta::wait(ref);
  (void)manta::wait(std::vector<int>{1});
  (void)manta::wait(refs, 3);
#endif
}
