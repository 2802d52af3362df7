// An allocator that holds an arena of this process.
// Says: InArena
// Says: would lose the state of this allocator
#include <memory>
#include <vector>

#include <manta/serialization/bytes.h>

template <class T>
struct InArena {
  using value_type = T;
#ifdef WRONG
  void* arena = nullptr;
#endif
  InArena() = default;
  template <class U>
  InArena(const InArena<U>&) {}
  T* allocate(std::size_t n) { return std::allocator<T>().allocate(n); }
  void deallocate(T* p, std::size_t n) { std::allocator<T>().deallocate(p, n); }
  bool operator==(const InArena&) const { return true; }
};
struct Job {
  std::vector<int, InArena<int>> steps;
};

int main() { manta::serialize(Job()); }
