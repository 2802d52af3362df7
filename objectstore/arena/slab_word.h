// The word of a slab in the shared metadata: what the slab, or the run that begins with it, is used for. slab_table.h
// has the picture of its states.
#pragma once
#include <cstddef>
#include <cstdint>

#include "arena_sizes.h"
#include "owner_tag.h"

namespace manta::objectstore {

enum class SlabKind : std::uint8_t { kFree, kClaimed, kSmall, kRun, kBreaking };

// Where slabs are looked for.
enum class Part : std::uint8_t { kMemory, kOverflow };

// Where the bytes of a run are, or those of the blocks of a slab. The node alone changes it; a run that is free, or a
// slab, is used again only when it is kInMemory.
enum class RunBytes : std::uint8_t { kInMemory, kSpilling, kOnDisk };

// In the word of a slab of small blocks that somebody looks through, to take it if it is empty.
inline constexpr std::uint32_t kTaking = 3;

struct SlabWord {
  SlabKind kind = SlabKind::kFree;
  std::uint8_t size_class = 0;  // of kSmall; of kRun its RunBytes
  OwnerTag owner = kNobody;
  std::uint32_t pages = 0;  // of kRun and kBreaking; of kSmall its RunBytes, or kTaking

  // The number of slabs that this word speaks for.
  std::size_t slabs() const {
    return kind == SlabKind::kRun || kind == SlabKind::kBreaking
               ? (std::size_t{pages} + kSlabPages - 1) / kSlabPages
               : 1;
  }
  RunBytes bytes() const {
    if (kind == SlabKind::kRun) return static_cast<RunBytes>(size_class);
    return kind == SlabKind::kSmall && pages != kTaking ? static_cast<RunBytes>(pages)
                                                        : RunBytes::kInMemory;
  }
};

// As they stand in shared memory.
constexpr std::uint64_t pack(const SlabWord& word) {
  return std::uint64_t{static_cast<std::uint8_t>(word.kind)} | std::uint64_t{word.size_class} << 8 |
         std::uint64_t{word.owner} << 16 | std::uint64_t{word.pages} << 32;
}

constexpr SlabWord unpack(std::uint64_t bits) {
  return {static_cast<SlabKind>(bits & 0xFF), static_cast<std::uint8_t>(bits >> 8 & 0xFF),
          static_cast<OwnerTag>(bits >> 16 & 0xFFFF), static_cast<std::uint32_t>(bits >> 32)};
}

constexpr bool is_free_run(const SlabWord& word) {
  return word.kind == SlabKind::kRun && word.owner == kNobody &&
         word.bytes() == RunBytes::kInMemory;
}
// A slab of small blocks that nobody is taking, with its bytes in memory: its owner may allocate there.
constexpr bool is_usable(const SlabWord& word) {
  return word.kind == SlabKind::kSmall && word.pages == 0;
}
constexpr bool is_abandoned(const SlabWord& word) {
  return is_usable(word) && word.owner == kNobody;
}

}  // namespace manta::objectstore
