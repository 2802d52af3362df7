// What an arena is made of, for arena.cc and arena_node.cc only.
#pragma once
#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>

#include "arena.h"
#include "memory_window.h"
#include "slab_table.h"
#include "small_blocks.h"

namespace manta::objectstore {

inline std::size_t slabs_for(std::size_t bytes) { return (bytes + kSlabSize - 1) / kSlabSize; }
inline std::uint32_t pages_for(std::size_t bytes) {
  return static_cast<std::uint32_t>((bytes + kPage - 1) / kPage);
}

struct Arena::State {
  State(const ArenaDescriptors& files, std::byte* metadata, OwnerTag tag)
      : self(tag), table(metadata), window(files, table), small(table, window, tag) {}

  bool charged(std::optional<std::size_t> slab, std::uint32_t pages, From from);
  std::optional<std::size_t> take_recent(std::uint32_t pages);
  std::optional<std::size_t> take_run(std::uint32_t pages, Part part);
  void remember(std::size_t slab);
  bool populate_run(std::uint64_t offset, std::size_t size);
  base::Result<Allocation, StoreError> allocate_run(std::size_t size, Population population,
                                                    Part part);
  SlabWord live_word(std::uint64_t offset) const;

  const OwnerTag self;
  SlabTable table;
  MemoryWindow window;
  SmallBlocks small;
  std::mutex recent_mutex;
  // Heads of runs that this process freed, which are in its page tables still.
  std::deque<std::size_t> recent;
};

}  // namespace manta::objectstore
