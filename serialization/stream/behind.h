// What stands behind the value in a stream: the objects that its pointers share (codec/pointer.h). A Writer and a
// Reader know only that something may be there.
#pragma once
#include "../../base/build_settings.h"

namespace manta::serialization {

class Reader;
class Writer;

class WrittenBehind {
 public:
  virtual void finish(Writer& writer) = 0;  // the value itself is written
  virtual void release() = 0;               // by the writer's end; it is not used again

 protected:
  ~WrittenBehind() = default;
};

class ReadBehind {
 public:
  virtual ~ReadBehind() = default;
  virtual void finish(Reader& reader) = 0;  // the value itself was read
  virtual void keep() = 0;                  // nothing is wrong with what was read
};

}  // namespace manta::serialization
