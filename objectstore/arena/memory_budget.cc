#include "memory_budget.h"

#include <algorithm>

namespace manta::objectstore {
namespace {

std::uint64_t pages_of(const SlabPages& pages, std::size_t begin, std::size_t count) {
  std::uint64_t sum = 0;
  for (std::size_t i = begin; i < begin + count; ++i) {
    sum += std::max(pages.charged(i), pages.committed(i));
  }
  return sum;
}

}  // namespace

std::size_t give_back(SlabTable& table, MemoryWindow& window, OwnerTag self, std::size_t begin,
                      std::size_t end, From from, std::uint64_t enough) {
  std::uint64_t given = 0;
  for (std::size_t i = end; i-- > begin && given < enough;) {
    if (pages_of(table.pages(), i, table.word(i).slabs()) == 0) continue;
    const std::size_t claimed = table.claim(i, self, from);
    const std::uint64_t pages = pages_of(table.pages(), i, claimed);
    given += claimed != 0 && window.decommit_all(i, claimed) ? pages : 0;
    table.release(i, i + claimed);
  }
  return given;
}

// What is free is given back only if that is enough: it is warm, and used again without a charge. What the last slab of
// the run has beyond the run is given back at once: nobody else could use it.
bool charge(SlabTable& table, MemoryWindow& window, OwnerTag self, std::size_t slab,
            std::uint32_t pages, From from) {
  if (table.is_overflow(slab)) return true;
  const std::size_t last = slab + (pages - 1) / kSlabPages;
  const std::uint32_t used = (pages - 1) % kSlabPages + 1;
  if (table.pages().charged(last) > used) window.decommit(last, used);
  while (!table.pages().charge(slab, pages)) {
    const std::uint64_t missing = table.pages().missing(slab, pages) + table.pages().excess();
    const std::uint64_t left = table.pages().left();
    if (left >= missing) continue;  // somebody else has given something back meanwhile
    if (left + table.charged_for_nothing(self, from) < missing ||
        give_back(table, window, self, 0, table.memory_end(), from, missing - left) == 0) {
      return false;
    }
  }
  return true;
}

}  // namespace manta::objectstore
