// An Id names one thing (an object, a task, an actor, ...) for ever: 128 bits, of which nothing can
// be read. Ids of different kinds are different types. All zero is "nil", the id of nothing.
//
// Regular, ordered, hashable; printed as 32 hex digits. Threads: any. Nothing here throws but hex()
// when memory is out.
#pragma once
#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <iosfwd>
#include <string>
#include <tuple>

#include "build_settings.h"

namespace manta {

namespace base {
std::string hex_digits(std::uint64_t hi, std::uint64_t lo);  // 32 lower-case digits
void print_hex(std::ostream& out, std::uint64_t hi, std::uint64_t lo);
}  // namespace base

template <class Tag>
class Id {
 public:
  constexpr Id() = default;  // nil
  constexpr Id(std::uint64_t hi, std::uint64_t lo) : hi_(hi), lo_(lo) {}

  // The two halves, as they stand in hex().
  constexpr std::uint64_t hi() const { return hi_; }
  constexpr std::uint64_t lo() const { return lo_; }
  // Whether it is the id of nothing.
  constexpr bool is_nil() const { return hi_ == 0 && lo_ == 0; }
  // 32 lower-case digits, the high half first, as `<<` prints it.
  std::string hex() const { return base::hex_digits(hi_, lo_); }

  // An order to sort and search by, which says nothing else: not which was made first.
  auto operator<=>(const Id&) const = default;

  // An Id can be serialized.
  static constexpr auto manta_members() { return std::tuple(&Id::hi_, &Id::lo_); }

  friend std::ostream& operator<<(std::ostream& out, const Id& id) {
    base::print_hex(out, id.hi_, id.lo_);
    return out;
  }

 private:
  std::uint64_t hi_ = 0;
  std::uint64_t lo_ = 0;
};

using ObjectId = Id<struct ObjectTag>;  // what a ref refers to
using TaskId = Id<struct TaskTag>;      // one call, of a function or of an actor
using ActorId = Id<struct ActorTag>;
using NodeId = Id<struct NodeTag>;
using JobId = Id<struct JobTag>;      // a session
using GroupId = Id<struct GroupTag>;  // a placement group

}  // namespace manta

template <class Tag>
struct std::hash<manta::Id<Tag>> {
  // Ids may be counters in their low word, so the words are mixed (the finalizer of MurmurHash3).
  std::size_t operator()(const manta::Id<Tag>& id) const noexcept {
    std::uint64_t h = id.hi() * 0x9e3779b97f4a7c15U ^ id.lo();
    h = (h ^ (h >> 33)) * 0xff51afd7ed558ccdU;
    return static_cast<std::size_t>(h ^ (h >> 33));
  }
};
