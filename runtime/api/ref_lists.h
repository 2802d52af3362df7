// What get() and wait() do with many refs at once. It is as fast as memory allows: with 100,000 refs every nanosecond
// counts.
//
// Errors: InvalidArgument, which names `what`. Threads: as for the refs.
#pragma once
#include <cstddef>
#include <cstring>
#include <memory>
#include <span>
#include <vector>

#include "../ownership/object_ref.h"

namespace manta::detail {

// The entries of all refs, each of them checked.
template <class Range>
std::vector<ObjectEntry*> entries_of(const Range& refs, const char* what) {
  std::vector<ObjectEntry*> entries;
  entries.reserve(refs.size());
  for (const auto& ref : refs) entries.push_back(&checked(RefAccess::entry(ref), what));
  return entries;
}

// The same without checks; null for refs that have been moved from.
template <class Ref>
std::vector<ObjectEntry*> entries_left(const std::vector<Ref>& refs) {
  std::vector<ObjectEntry*> entries;
  entries.reserve(refs.size());
  for (const auto& ref : refs) entries.push_back(RefAccess::entry(ref).get());
  return entries;
}

// Throws InvalidArgument if one of the refs is empty. It does not look at their entries.
template <class Ref>
void check_not_empty(std::span<Ref> refs, const char* what) {
  std::size_t empty = 0;
  for (const auto& ref : refs) empty += RefAccess::entry(ref).get() == nullptr ? 1 : 0;
  if (empty != 0) checked({}, what);
}

// The list that wait() left pending last on this thread. It has been checked: when it comes back, in a loop over very
// many refs, that need not be done again. (A ref that was moved away in between is found when it is reached.)
struct PendingList {
  const void* data = nullptr;
  std::size_t size = 0;
  bool operator==(const PendingList&) const = default;
};
inline thread_local constinit PendingList left_pending{};

// To count an object costs a cache miss: so the next entries are fetched in advance.
template <class Ref>
void copy_refs(std::span<const Ref> refs, std::vector<Ref>& to) {
  constexpr std::size_t kAhead = 16;
  for (std::size_t i = 0; i < refs.size(); ++i) {
    if (i + kAhead < refs.size()) __builtin_prefetch(RefAccess::entry(refs[i + kAhead]).get(), 1);
    to.push_back(refs[i]);
  }
}

// Takes out the refs at the indices `moved` (ascending), which have been moved from; the others keep their order. A Ref
// may be moved as bytes: it is a counted pointer, nothing points to it, and an empty one is all zeros.
template <class Ref>
void erase_moved(std::vector<Ref>& refs, std::span<const std::size_t> moved) {
  if (moved.empty()) return;
  std::size_t to = moved.front();
  for (std::size_t i = 0; i < moved.size(); ++i) {
    const std::size_t from = moved[i] + 1;
    const std::size_t end = i + 1 < moved.size() ? moved[i + 1] : refs.size();
    std::memmove(static_cast<void*>(refs.data() + to), static_cast<const void*>(refs.data() + from),
                 (end - from) * sizeof(Ref));
    to += end - from;
  }
  std::uninitialized_value_construct_n(refs.data() + to, moved.size());
  refs.resize(to);
}

}  // namespace manta::detail
