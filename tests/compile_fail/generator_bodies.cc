// Generators that cannot be.
// Error: co_await in a manta::Generator
// Error: neither void nor const nor a reference
// Error: a T that is yielded is moved
#include <mutex>

#include <manta/manta.h>

manta::Generator<int> doubled(manta::ObjectRef<int> ref) { co_yield 2 * manta::get(ref); }

int main() {
  (void)manta::remote(doubled)(manta::put(1));
#ifdef WRONG
  const auto awaits = [](manta::ObjectRef<int> ref) -> manta::Generator<int> {
    co_await ref;
    co_yield 1;
  };
  (void)sizeof(manta::Generator<const int&>);
  (void)sizeof(manta::Generator<std::mutex>);
  (void)awaits;
#endif
}
