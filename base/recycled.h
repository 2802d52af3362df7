// Memory for small records that come and go by the thousand, as calls and the entries of their results do. What a
// thread gives back it keeps for its own next records of that size, up to some KiB; malloc has all else.
//
//   void* place = take_recycled(152);  ...  give_recycled(place, 152);     the second perhaps by another thread
//
// Invariants: a thread keeps at most kMostKept bytes, and none once its own objects are gone, so that this works in
//             static destructors, too; a block is as large as malloc would make it: nothing is lost to rounding.
//             Under a sanitizer nothing is kept, so that it sees each use of memory that was given back.
// Threads:    any; memory may be given back by another thread than the one that took it.
// Errors:     std::bad_alloc.
#pragma once
#include <cstddef>

namespace manta::base {

inline constexpr std::size_t kLargestRecycled = 328;  // bytes of one block
inline constexpr std::size_t kMostKept = 64 * 1024;   // of a thread

void* take_recycled(std::size_t size);
void give_recycled(void* place,
                   std::size_t size) noexcept;  // with the size with which it was taken
std::size_t kept_bytes();                       // by this thread, now

}  // namespace manta::base
