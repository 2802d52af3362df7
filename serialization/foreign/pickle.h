// A value for Python: a stream of pickle protocol 5 that CPython loads, with its arrays beside it, which are not
// copied.
//
//   const Pickle p = to_pickle(value);        in Python: pickle.loads(p.stream, buffers=p.buffers)
//   to_pickle(value, PickleBuffers::in_band)  one stream with everything in it: a .pkl file for pickle.load()
//   to_pickle_serialized(bytes)               of what serialize() made, by the text of the type in it
//
//   in C++                                    in Python
//   number, bool, text                        the same; a text that is not UTF-8 as bytes
//   float16, bfloat16                         a float; in arrays numpy's float16, ml_dtypes' bfloat16
//   array of char or char32_t in an array     a text of numpy's, S or U
//   enum, duration, time_point                its number
//   sequence of numbers, complex, flat structs  a read-only numpy.ndarray; Bytes as a memoryview, or as bytes
//   other sequences; multiset, multimap       list; a multimap as a list of pairs
//   tuple and pair; set; map                  tuple; set; dict
//   optional, variant                         the value or None; the alternative
//   expected                                  the value, or its error in a tuple of one
//   struct                                    types.SimpleNamespace, or a tuple where it must be hashable
//   a type with manta_reduce                  its state
//
// An array or an object that pointers share is one object, however often it is referenced; cycles come back.
// Pickles are written, never read. Threads: any.
// Errors: SerializationError for a ref, a handle, a function, a type serialized by register_serializer (their content
//         is known to the program only); for pointers as keys; for keys of one set or map that Python holds equal (1,
//         1.0 and true in a variant), of which one would be lost; for a cycle without a struct, list, set or map in it.
#pragma once
#include <string_view>
#include <vector>

#include "../bytes.h"

namespace manta {

// A pickle, and the buffers that it asks for.
struct Pickle {
  Bytes stream;
  std::vector<Bytes> buffers = {};  // in the order in which loads() asks for them
};

// Whether arrays stand beside the stream, without a copy, or in it.
enum class PickleBuffers { out_of_band, in_band };

namespace serialization {
Pickle pickle_of(const EncodedView& view, std::string_view type_text, PickleBuffers where);
}

// The value as a pickle.
template <class T>
Pickle to_pickle(const T& value, PickleBuffers where = PickleBuffers::out_of_band) {
  serialization::ScratchEncoded encoded;
  serialization::encode(value, *encoded);
  if constexpr (serialization::root_is_serializable<T>()) {
    return serialization::pickle_of(*encoded, serialization::type_text<T>(), where);
  } else {
    return {};  // the compile error was given
  }
}

// The value in bytes that serialize() made, here or in another program.
Pickle to_pickle_serialized(const Bytes& bytes, PickleBuffers where = PickleBuffers::out_of_band);

}  // namespace manta
