#include <manta/base/error.h>
#include <manta/serialization/codec_std.h>

namespace manta::serialization {

void valueless_variant() {
  throw SerializationError("a variant that lost its value by an exception cannot be serialized");
}

}  // namespace manta::serialization
