// One more level of nesting by value, as long as it exists, of a Writer or a Reader: Stream::too_deep() throws when a
// value has more than kMaxDepth levels.
#pragma once
#include "encoded.h"

namespace manta::serialization {

template <class Stream>
class Nesting {
 public:
  explicit Nesting(Stream& stream) : stream_(stream) {
    if (++stream_.depth_ > kMaxDepth) [[unlikely]] {
      --stream_.depth_;
      Stream::too_deep();
    }
  }
  ~Nesting() { --stream_.depth_; }
  Nesting(const Nesting&) = delete;
  Nesting& operator=(const Nesting&) = delete;

 private:
  Stream& stream_;
};

}  // namespace manta::serialization
