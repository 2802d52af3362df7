// The arrays that a Writer and a Reader have met: each is written once. Made only for values that hold arrays.
//
// Threads: confined; the writer's is kept for the thread's next value.
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

#include "encoded.h"
#include "identity_map.h"

namespace manta::serialization {

class WrittenArrays {
 public:
  static WrittenArrays* acquire();             // the thread's own, or a new one
  static void release(WrittenArrays* arrays);  // empties it

  struct WrittenArray {
    std::size_t extents;    // where they stand in the stream
    std::uint32_t payload;  // its varint: 2 i + 2 or 2 k + 3
  };
  IdentityMap numbers;  // by address and size, to an index of `written`
  std::vector<WrittenArray> written;
  std::uint32_t inline_arrays = 0;
  // They live, so that no address is used for another array before the value is written.
  std::vector<StorageRef> owners;

 private:
  void clear();
};

// The arrays that stand in the stream itself, as a Reader has copied them.
struct ReadArrays {
  struct InlineArray {
    Buffer buffer;
    const std::byte* from;  // in the stream
  };
  std::vector<InlineArray> inline_arrays;  // `from` increases
};

}  // namespace manta::serialization
