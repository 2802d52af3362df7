// From (address, tag) to a number: an open-addressing table of what was written already. The tag
// is the size of an array; of an object it is its type, which tells objects at one address apart.
//
// Threads: confined.
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

#include "../../base/build_settings.h"

namespace manta::serialization {

class IdentityMap {
 public:
  // The number that is stored for the key; if none is, `number` is stored and returned.
  std::uint32_t find_or_add(const void* address, std::uint64_t tag, std::uint32_t number) {
    if (2 * (count_ + 1) > slots_.size()) {
      grow();
    }
    Slot& slot = find(address, tag);
    if (slot.address == nullptr) {
      slot = {address, tag, number};
      ++count_;
    }
    return slot.number;
  }

  void clear() {
    if (slots_.size() > kKeep) {
      slots_ = {};
    } else if (count_ != 0) {
      slots_.assign(slots_.size(), Slot{});
    }
    count_ = 0;
  }

 private:
  static constexpr std::size_t kKeep = 4096;
  struct Slot {
    const void* address = nullptr;
    std::uint64_t tag = 0;
    std::uint32_t number = 0;
  };

  Slot& find(const void* address, std::uint64_t tag) {
    std::uint64_t hash = (reinterpret_cast<std::uintptr_t>(address) ^ (tag << 20)) + tag;
    hash *= 0x9e3779b97f4a7c15u;
    std::size_t at = static_cast<std::size_t>(hash >> 32) & (slots_.size() - 1);
    while (slots_[at].address != nullptr &&
           (slots_[at].address != address || slots_[at].tag != tag)) {
      at = (at + 1) & (slots_.size() - 1);
    }
    return slots_[at];
  }

  void grow() {
    std::vector<Slot> old(slots_.empty() ? 16 : 2 * slots_.size());
    old.swap(slots_);
    for (const Slot& slot : old) {
      if (slot.address != nullptr) {
        find(slot.address, slot.tag) = slot;
      }
    }
  }

  std::vector<Slot> slots_;
  std::size_t count_ = 0;
};

}  // namespace manta::serialization
