// For tests: encode and decode again, over an Encoded whose borrowed buffers were copied to aligned
// storage, as the object store does.
#pragma once
#include "encode.h"

namespace manta::serialization {

inline void own_buffers(Encoded& encoded) {
  for (Buffer& buffer : encoded.buffers) {
    if (buffer.storage == nullptr) {
      buffer.storage = base::HeapStorage::copy_of({buffer.data, buffer.size});
      buffer.data = buffer.storage->data();
    }
  }
}

template <class T>
Encoded encoded(const T& value) {
  Encoded out;
  encode(value, out);
  own_buffers(out);
  return out;
}

template <class T, class U = T>
U round_trip(const T& value) {
  return decode<U>(encoded(value));
}

}  // namespace manta::serialization
