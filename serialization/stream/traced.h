// While a Traced exists, what is written is shown as a member, or without a name as an object. Only for writers that
// trace members (trace.h).
//
// Threads: confined to the Writer's.
#pragma once
#include <cstddef>
#include <string_view>

#include "writer.h"

namespace manta::serialization {

class Traced {
 public:
  Traced(Writer& writer, std::string_view name, std::string_view type);
  ~Traced();
  Traced(const Traced&) = delete;
  Traced& operator=(const Traced&) = delete;

 private:
  Writer& writer_;
  std::size_t buffers_;
};

}  // namespace manta::serialization
