// What MANTA_SERIALIZE_VERBOSE shows of values as they are written, on stderr, a text for each value:
// 1 a line with its type and size; 2 also the members of its aggregates, each with its offset in the
// stream and its first bytes, up to 10,000 lines. A sequence of plain elements is one line.
//
// Threads: a Trace is confined to its Writer's.   Errors: none of its own.
#pragma once
#include <atomic>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "../../base/build_settings.h"

namespace manta::serialization {

// Of the variable's text: 0, 1 or 2. Nothing if it is none of these.
std::optional<int> parse_verbosity(std::string_view text);

inline constinit std::atomic<int> known_verbosity = -1;
int read_verbosity();

// Read once. A wrong one counts as 0: manta::init() refuses it.
inline int verbosity() {
  const int known = known_verbosity.load(std::memory_order_relaxed);
  return known >= 0 ? known : read_verbosity();
}

class Trace {
 public:
  Trace(std::string_view root, bool members) : root_(root), members_(members) {}
  bool members() const { return members_; }

  // A member, or an object that is none (an element, what a pointer points to: without a name), begins
  // at `offset`; what begins before it ends lies inside it.
  void begin(std::string_view name, std::string_view type, std::size_t offset);
  void end(std::span<const std::byte> stream, std::size_t buffers);

  void print(bool complete, std::size_t bytes, std::size_t buffers) const;

 private:
  struct Open {
    std::size_t line;  // in lines_; kSkipped if not shown
    std::size_t offset;
    std::string_view type;
  };

  std::string_view root_;
  bool members_;  // are shown
  std::vector<std::string> lines_;
  std::vector<Open> open_;
  bool cut_ = false;  // there were more lines than are kept
};

}  // namespace manta::serialization
