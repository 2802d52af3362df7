#include "alternatives.h"

#include "../../base/error.h"

namespace manta::serialization {

void valueless_variant() {
  throw SerializationError("a variant that lost its value by an exception cannot be serialized");
}

}  // namespace manta::serialization
