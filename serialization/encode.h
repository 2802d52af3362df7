// encode() takes a value apart, decode() puts it together: the calls that the runtime makes. What an
// Encoded is: encoded.h. Small values cost some ten nanoseconds and no allocation.
//
// Threads: any, each with its own Encoded.   Errors: SerializationError.
#pragma once
#include <cstdint>
#include <exception>
#include <string>
#include <type_traits>

#include <manta/serialization/codec_hooks.h>
#include <manta/serialization/codec_pointer.h>
#include <manta/serialization/codec_std.h>
#include <manta/serialization/encoded.h>
#include <manta/serialization/explain.h>
#include <manta/serialization/reader.h>
#include <manta/serialization/type_text.h>
#include <manta/serialization/writer.h>

namespace manta::serialization {

// The canonical text of T (type_text.h).
template <class T>
const std::string& type_text() {
  static const std::string text = [] {
    TypeText builder;
    Codec<T>::describe(builder);
    return std::move(builder).take();
  }();
  return text;
}

// Its hash; types with one encoding have one fingerprint.
template <class T>
std::uint64_t fingerprint() {
  static const std::uint64_t hash = hash_text(type_text<T>());
  return hash;
}

template <class T>
struct KnownTypeOf {
  static inline const KnownType known{&fingerprint<T>, &type_text<T>};
};

// Replaces what `out` held, keeping its memory. Buffers may be borrowed from `value`.
template <class T>
void encode(const T& value, Encoded& out) {
  require_serializable<T>();
  if constexpr (serializable_v<T>) {
    static_cast<void>(&KnownTypeOf<T>::known);
    Writer writer(out, fingerprint<T>());
    if constexpr (holds_observer<T>) {
      writer.track_unique();
    }
    Codec<T>::write(writer, value);
    writer.finish();
  }
}

// For types that cannot move: closes the reader once the value stands in its place.
class FinishOnReturn {
 public:
  explicit FinishOnReturn(Reader& reader)
      : reader_(reader), exceptions_(std::uncaught_exceptions()) {}
  ~FinishOnReturn() noexcept(false) {
    if (std::uncaught_exceptions() == exceptions_) {
      reader_.finish();
    }
  }
  FinishOnReturn(const FinishOnReturn&) = delete;
  FinishOnReturn& operator=(const FinishOnReturn&) = delete;

 private:
  Reader& reader_;
  int exceptions_;
};

template <class T>
T decode(const EncodedView& view) {
  require_serializable<T>();
  if constexpr (serializable_v<T>) {
    Reader reader(view);
    if (reader.fingerprint() != fingerprint<T>()) [[unlikely]] {
      type_mismatch(reader.fingerprint(), type_text<T>());
    }
    if constexpr (std::is_move_constructible_v<T>) {
      T value = Codec<T>::read(reader);
      reader.finish();
      return value;
    } else {
      const FinishOnReturn finish(reader);
      return Codec<T>::read(reader);
    }
  }
}

}  // namespace manta::serialization
