// Work on large memory, split over a few threads of oneTBB. They are in an arena of our own, so that no task of the
// user runs in it and it takes no part in theirs. Below 4 MiB the calling thread does the work alone.
//
// Threads: any; concurrent calls share the threads. A forked child does not have them: see copy_alone().
// Units:   bytes. Errors: none.
#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>

#include "../../base/build_settings.h"

namespace manta::objectstore {

void parallel_copy(std::byte* to, const std::byte* from, std::size_t size);
void parallel_zero(std::byte* to, std::size_t size);

// Calls `body(begin, size)` for the pieces of [0, size), which are whole MiB but for the last. It must not throw. If no
// thread can be made the calling one does it all, perhaps some of it for the second time.
void parallel_pieces(std::size_t size, const std::function<void(std::size_t, std::size_t)>& body);

// In a forked child: from now on the calling thread does all of it.
void copy_alone();

// What one thread does of a large copy.
void copy_piece(std::byte* to, const std::byte* from, std::size_t size);

// How many bytes of users' buffers this process has copied so far: by parallel_copy(), and what others say that they
// copy piece by piece. For tests which show that something is not copied.
std::uint64_t copied_bytes();
void count_copied(std::uint64_t bytes);

}  // namespace manta::objectstore
