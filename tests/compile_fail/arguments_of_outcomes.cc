// What try_get(), get_each() and as_completed() do not take.
// Error: it takes one ObjectRef<T> and no timeout
// Error: manta::get_each(x): it takes
// Error: manta::as_completed(x): it takes
#include <chrono>
#include <vector>

#include <manta/manta.h>

int main() {
  const manta::ObjectRef<int> ref;
  const std::vector<manta::ObjectRef<int>> refs;
  (void)manta::try_get(ref);
  (void)manta::get_each(refs, std::chrono::seconds(1));
  for (const auto& done : manta::as_completed(refs, std::chrono::seconds(1))) (void)done;
#ifdef WRONG
  (void)manta::try_get(3);
  (void)manta::try_get(refs);
  (void)manta::try_get(ref, std::chrono::seconds(1));
  (void)manta::get_each(ref);
  (void)manta::get_each({ref, ref});
  (void)manta::get_each(refs, 3);
  for (const auto& done : manta::as_completed(ref)) (void)done;
  for (const auto& done : manta::as_completed({ref, ref})) (void)manta::get(done);
  for (const auto& done : manta::as_completed(refs, 3)) (void)done;
#endif
}
