// Of the slab table, what must hold when nobody is changing it: for tests, and for the node's end in debug builds and
// with sanitizers.
#include <string>
#include <vector>

#include "slab_table.h"

namespace manta::objectstore {
namespace {

std::string slab_text(std::size_t slab) { return "slab " + std::to_string(slab); }

}  // namespace

std::vector<std::string> SlabTable::faults() const {
  std::vector<std::string> found;
  const auto expect = [&](bool holds, const std::string& fault) {
    if (!holds) found.push_back(fault);
  };
  expect(memory_end() <= memory_slabs_ && end() <= slabs_, "more slabs were needed than there are");
  for (std::size_t i = 0; i < end();) {
    const SlabWord about = word(i);
    const std::size_t behind = i + about.slabs();
    const std::size_t end_of_part = is_overflow(i) ? end() : memory_end();
    expect(behind <= end_of_part,
           slab_text(i) + " begins a run of " + std::to_string(about.slabs()) +
               " slabs, which does not end before " + std::to_string(end_of_part));
    expect(about.kind != SlabKind::kClaimed && about.kind != SlabKind::kBreaking,
           slab_text(i) + " is claimed by process " + std::to_string(about.owner));
    expect(about.kind != SlabKind::kSmall || about.pages != kTaking,
           slab_text(i) + " is being taken");
    expect(about.kind != SlabKind::kRun || about.pages != 0,
           slab_text(i) + " begins a run of nothing");
    if (about.kind == SlabKind::kSmall && about.bytes() != RunBytes::kInMemory) {
      expect(about.owner == kNodeTag, slab_text(i) + " is spilled, and is not the node's");
    }
    if (about.bytes() == RunBytes::kOnDisk) {
      for (std::size_t part = i; part < behind; ++part) {
        expect(pages_.charged(part) == 0,
               slab_text(part) + " has memory, although its bytes are on disk");
      }
    }
    i = about.kind == SlabKind::kRun && about.pages == 0 ? i + 1 : next(i, about);
  }
  std::uint64_t charged = 0;
  for (std::size_t i = 0; i < memory_slabs_; ++i) {
    charged += pages_.charged(i);
    expect(pages_.charged(i) <= kSlabPages && pages_.committed(i) <= pages_.charged(i),
           slab_text(i) + " has " + std::to_string(pages_.committed(i)) + " pages, of " +
               std::to_string(pages_.charged(i)) + " that are charged");
  }
  expect(charged == pages_.counted(), "the slabs are charged " + std::to_string(charged) +
                                          " pages, and the count is " +
                                          std::to_string(pages_.counted()));
  expect(charged <= pages_.budget(), std::to_string(charged) +
                                         " pages are charged, and the budget is " +
                                         std::to_string(pages_.budget()));
  return found;
}

}  // namespace manta::objectstore
