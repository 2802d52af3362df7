// Charges memory to the budget of the store. Free memory elsewhere, warm but in pieces, is given back to the system
// where the budget needs it.
//
// Threads: any, of any process. Units: slabs; pages. Errors: none; false if the budget is used up.
#pragma once
#include <cstddef>
#include <cstdint>

#include "memory_window.h"
#include "owner_tag.h"
#include "slab_table.h"

namespace manta::objectstore {

// For a run of so many pages that begins with this slab, which `self` has. Gives back what `from` allows. In the
// overflow nothing is charged: the disk is its budget.
bool charge(SlabTable& table, MemoryWindow& window, OwnerTag self, std::size_t slab,
            std::uint32_t pages, From from);

// Empties free slabs between two, from above, until so many pages were given back. Gives their number.
std::size_t give_back(SlabTable& table, MemoryWindow& window, OwnerTag self, std::size_t begin,
                      std::size_t end, From from, std::uint64_t enough);

}  // namespace manta::objectstore
