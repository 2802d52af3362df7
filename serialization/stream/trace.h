// What MANTA_SERIALIZE_VERBOSE shows of values as they are written, on stderr, as a text for each value. 1 gives a line
// with its type and size; 2 also gives the members of its aggregates, each with its offset in the
// stream and its first bytes, up to 10,000 lines. A sequence of plain elements is one line.
//
// Threads: a Trace is confined to the thread of its Writer.   Errors: none of its own.
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

// What the variable's text means: 0, 1 or 2. Nothing if it is another text.
std::optional<int> parse_verbosity(std::string_view text);

// SYNC: none: each thread that finds -1 reads the variable itself.
inline constinit std::atomic<int> known_verbosity = -1;
int read_verbosity();

// The variable is read once. A wrong text counts as 0 here; manta::init() refuses it.
inline int verbosity() {
  const int known = known_verbosity.load(std::memory_order_relaxed);
  return known >= 0 ? known : read_verbosity();
}

class Trace {
 public:
  Trace(std::string_view root, bool members) : root_(root), members_(members) {}
  bool members() const { return members_; }

  // A member begins at `offset`, or an object that is no member and has no name (an element, what a pointer points to).
  // What begins before it ends lies inside it.
  void begin(std::string_view name, std::string_view type, std::size_t offset);
  void end(std::span<const std::byte> stream, std::size_t buffers);

  void print(bool complete, std::size_t bytes, std::size_t buffers) const;

 private:
  struct Open {
    std::size_t line;  // its index in lines_; kSkipped if it is not shown
    std::size_t offset;
    std::string_view type;
  };

  std::string_view root_;
  bool members_;  // whether they are shown
  std::vector<std::string> lines_;
  std::vector<Open> open_;
  bool cut_ = false;  // the value has more lines than are kept
};

}  // namespace manta::serialization
