// What put(), get(), wait() and free() do not take.
// Error: manta::get(): it takes a reference
// Error: manta::get({x, ...}): they are no references
// Error: manta::wait(): it takes a list
// Error: manta::wait({x, ...}): they are no references
// Error: manta::wait_with_progress(x, label): x is no list of references
// Error: it takes a label for the bar
// Error: manta::put(): it takes a value
// Error: it stores one value
// Error: manta::free(): it takes a reference
// Error: manta::free(x): x is no reference
// Error: several references stand in braces
// Error: it takes the reference itself
#include <cstdlib>
#include <vector>

#include <manta/manta.h>

int main() {
  const manta::ObjectRef<int> ref;
  const std::vector<manta::ObjectRef<int>> refs;
  const std::vector<manta::AnyRef> any;
  manta::free(ref);
  manta::free(manta::AnyRef(ref));
  manta::free({ref, ref});
  manta::free(refs);
  manta::free(any);
  using namespace manta;
  free(std::malloc(1));  // the one of <cstdlib>
  wait_with_progress(refs, "refs");
  wait_with_progress(any, "refs");
  (void)put(1, {.name = "one"});
  (void)put(1, PutOptions());
#ifdef WRONG
  const int none = manta::get();
  (void)manta::get({1, 2});
  (void)manta::wait();
  (void)manta::wait({1, 2});
  manta::wait_with_progress(ref, "label");
  manta::wait_with_progress(refs);
  (void)manta::put();
  (void)manta::put(1, 2);
  (void)manta::put(1, PutOptions(), none);
  manta::free();
  manta::free(3);
  manta::free(std::vector<int>{1});
  manta::free(ref, ref);
  manta::free(&ref);
#endif
}
