// What a Writer and a Reader remember beyond the stream: arrays and objects met before, and the
// queue of objects that shared pointers point to. Made only for values that hold such things.
//
// Threads: confined; the writer's is kept for the thread's next value.
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

#include "encoded.h"
#include "identity_map.h"
#include "pointer.h"

namespace manta::serialization {

class WriterTracking {
 public:
  static WriterTracking* acquire();               // the thread's own, or a new one
  static void release(WriterTracking* tracking);  // empties it

  struct WrittenArray {
    std::size_t extents;    // where they stand in the stream
    std::uint32_t payload;  // its varint: 2 i + 2 or 2 k + 3
  };
  IdentityMap arrays;  // to an index of `written`
  std::vector<WrittenArray> written;
  std::uint32_t inline_arrays = 0;
  std::vector<StorageRef> array_owners;  // so that no address is used again meanwhile

  WrittenObjects objects;

 private:
  void clear();
};

class ReaderTracking {
 public:
  struct InlineArray {
    Buffer buffer;
    const std::byte* from;  // in the stream
  };
  std::vector<InlineArray> inline_arrays;  // `from` increases
  ReadObjects objects;
};

}  // namespace manta::serialization
