// Copies and first touches of large memory, split over a few threads of oneTBB: an arena of our
// own, so that no user's task runs in it and it takes no part in the user's. Below 4 MiB the
// calling thread does it alone.
//
// Threads: any; concurrent calls share the threads. Units: bytes. Errors: populate calls say false.
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>

namespace manta::objectstore {

class Arena;

struct CopyPart {
  std::byte* to = nullptr;
  const std::byte* from = nullptr;
  std::size_t size = 0;
};

void parallel_copy(std::byte* to, const std::byte* from, std::size_t size);
void parallel_copy(std::span<const CopyPart> parts);
void parallel_zero(std::byte* to, std::size_t size);

// Commits arena memory allocated with Population::kLater. False: the kernel has no memory.
bool parallel_populate(Arena& arena, std::uint64_t offset, std::size_t size);
// The same, and copies each piece as soon as it is there.
bool parallel_populate_copy(Arena& arena, std::uint64_t offset, const std::byte* from,
                            std::size_t size);

}  // namespace manta::objectstore
