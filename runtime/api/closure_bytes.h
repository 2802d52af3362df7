// A ClosureBytes is the encoded state of a closure whose type has been forgotten: a part of RemoteFunction<R(A...)>.
// Arrays in it are shared, not copied; refs in it keep their objects alive.
//
// Invariant: it owns all its bytes. Threads: a value; copies share one immutable state.
#pragma once
#include <memory>

#include "../../serialization/encode.h"

namespace manta::detail {

class CallBuilder;

class ClosureBytes {
 public:
  // Of a closure without a state.
  ClosureBytes() = default;
  template <class State>
  static ClosureBytes of(const State& state) {
    serialization::Encoded encoded;
    serialization::encode(state, encoded);
    return ClosureBytes(std::move(encoded));
  }

  explicit operator bool() const { return encoded_ != nullptr; }
  // As the next argument of the call.
  void append_to(CallBuilder& call) const;

  void write(serialization::Writer& writer) const;
  static ClosureBytes read(serialization::Reader& reader);

 private:
  // Copies what `encoded` does not own.
  explicit ClosureBytes(serialization::Encoded&& encoded);
  std::shared_ptr<const serialization::Encoded> encoded_;
};

}  // namespace manta::detail
