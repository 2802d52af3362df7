#include "codec_pointer.h"

#include "tracking.h"

namespace manta::serialization {

WrittenObjects& written_objects(Writer& writer) { return writer.tracking().objects; }

ReadObjects& read_objects(Reader& reader) { return reader.tracking().objects; }

}  // namespace manta::serialization
