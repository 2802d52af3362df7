// Writes or reads a value together with all objects that can be reached from it through shared
// pointers (pointer.h), because user code looks at them before the whole value has been read.
//
// Threads: confined.
#pragma once
#include <cstdint>
#include <vector>

#include "codec.h"
#include "pointer.h"

namespace manta::serialization {

template <class Objects, class Stream>
class Settled {
 public:
  Settled(Objects& objects, Stream& stream)
      : objects_(objects), stream_(stream), before_(objects.begin_settled(work_)) {}
  ~Settled() { objects_.abandon_settled(before_); }
  Settled(const Settled&) = delete;
  Settled& operator=(const Settled&) = delete;
  void end() { objects_.end_settled(stream_, before_); }

 private:
  std::vector<std::uint32_t> work_;
  Objects& objects_;
  Stream& stream_;
  std::vector<std::uint32_t>* before_;
};

template <class T>
void write_settled(Writer& writer, const T& value) {
  if constexpr (holds_shared<T>) {
    Settled<WrittenObjects, Writer> settled(WrittenObjects::of(writer), writer);
    Codec<T>::write(writer, value);
    settled.end();
  } else {
    Codec<T>::write(writer, value);
  }
}

template <class T>
T read_settled(Reader& reader) {
  if constexpr (holds_shared<T>) {
    Settled<ReadObjects, Reader> settled(ReadObjects::of(reader), reader);
    T value = Codec<T>::read(reader);
    settled.end();
    return value;
  } else {
    return Codec<T>::read(reader);
  }
}

}  // namespace manta::serialization
