// A value for Python: a stream of pickle protocol 5 that CPython loads, its arrays beside it without a copy.
//
//   const Pickle p = to_pickle(value);       in Python: pickle.loads(p.stream, buffers=p.buffers)
//   to_pickle(value, PickleBuffers::in_band) one stream with everything in it: a .pkl file for pickle.load()
//   to_pickle_serialized(bytes)              of what serialize() made, by the text of the type in it
//
// What becomes of it: numbers, bools, texts (bytes where they are not UTF-8) themselves; sequences of numbers, of
// complex and of flat structs a read-only numpy.ndarray (Bytes a memoryview, or bytes); other sequences list; tuple and
// pair tuple; set and map set and dict (multiset list, multimap list of pairs); optional the value or None; variant its
// alternative; expected the value, or its error in a tuple of one; enum, duration and time_point their number; struct
// types.SimpleNamespace, or a tuple where it must be hashable. An array or an object that pointers share is one object,
// however often it is referenced; cycles come back. Of a type with manta_reduce it is the state.
//
// Pickles are written, never read. Threads: any.
// Errors: SerializationError: a ref, a handle, a function, a type serialized by register_serializer (their content is
//         known to the program only); pointers as keys; a cycle without a struct, list, set or map in it.
#pragma once
#include <string_view>
#include <vector>

#include "../bytes.h"

namespace manta {

struct Pickle {
  Bytes stream;
  std::vector<Bytes> buffers = {};  // in the order in which loads() asks for them
};

enum class PickleBuffers { out_of_band, in_band };

namespace serialization {
Pickle pickle_of(const EncodedView& view, std::string_view type_text, PickleBuffers where);
}

template <class T>
Pickle to_pickle(const T& value, PickleBuffers where = PickleBuffers::out_of_band) {
  serialization::ScratchEncoded encoded;
  serialization::encode(value, *encoded);
  if constexpr (serialization::root_is_serializable<T>()) {
    return serialization::pickle_of(*encoded, serialization::type_text<T>(), where);
  } else {
    return {};  // the error was said
  }
}

Pickle to_pickle_serialized(const Bytes& bytes, PickleBuffers where = PickleBuffers::out_of_band);

}  // namespace manta
