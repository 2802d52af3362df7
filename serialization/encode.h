// encode() takes a value apart, and decode() puts it together: the calls that the runtime makes. encoded.h says what an
// Encoded is. Small values cost some ten nanoseconds and no allocation.
//
// Threads: any, each with its own Encoded. Errors: SerializationError.
#pragma once
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <exception>
#include <memory>
#include <string>
#include <type_traits>

#include "codec/hooks.h"
#include "codec/restore.h"
#include "explain.h"
#include "std/adapters.h"
#include "std/alternatives.h"
#include "std/calendar.h"
#include "std/numbers.h"
#include "std/pointers.h"
#include "std/sequences.h"
#include "std/sets_and_maps.h"
#include "std/strings.h"
#include "std/tuples.h"
#include "stream/encoded.h"
#include "stream/reader.h"
#include "stream/trace.h"
#include "stream/writer.h"
#include "types/type_text.h"

namespace manta::serialization {

template <class T>
const std::string& type_text() {
  static const std::string text = [] {
    TypeText builder;
    Codec<T>::describe(builder);
    return std::move(builder).take();
  }();
  return text;
}

template <class T>
std::uint64_t fingerprint() {
  static const std::uint64_t hash = hash_text(type_text<T>());
  return hash;
}

// Makes the text of T known to this program's error messages.
template <class T>
struct KnownTypeOf {
  static inline const KnownType known{&fingerprint<T>, &type_text<T>};
};

// A value that comes back as another type; its state must be serializable.
template <class T>
inline constexpr bool is_wrapper = !std::is_same_v<restored_t<T>, T>;

template <class T>
consteval bool root_is_serializable() {
  if constexpr (is_wrapper<T>) {
    return is_serializable<StateOf<T>>;
  } else {
    return is_serializable<T>;
  }
}

// Whether a T is written as the bytes that it has in memory, and nothing else: a number, a bool, an enum, a plain
// aggregate. Then whoever wants its meta needs neither an Encoded nor a Writer.
template <class T>
consteval bool written_as_it_is() {
  if constexpr (is_wrapper<T> || !std::is_base_of_v<BuiltIn<T, kKind<T>>, Codec<T>>) {
    return false;
  } else {
    constexpr Kind kind = kKind<T>;
    return kind == Kind::kNumber || kind == Kind::kBool || kind == Kind::kEnum ||
           (kind == Kind::kAggregate && is_plain<T>);
  }
}

// The meta of such a T, as encode() makes it; `out` has kPlainMeta<T> bytes. Nothing of it is shown as
// MANTA_SERIALIZE_VERBOSE asks: as long as verbosity() is above 0, call encode().
template <class T>
inline constexpr std::size_t kPlainMeta = kMetaHeader + sizeof(T);
template <class T>
void encode_plain(const T& value, std::byte* out) {
  static_assert(written_as_it_is<T>());
  static_cast<void>(&KnownTypeOf<T>::known);
  const std::uint64_t header[2] = {fingerprint<T>(), 0};
  static_assert(sizeof header == kMetaHeader);
  std::memcpy(out, header, sizeof header);
  std::memcpy(out + sizeof header, std::addressof(value), sizeof(T));
}

// Replaces what `out` held, but keeps its memory. Buffers may be borrowed from `value`.
template <class T>
void encode(const T& value, Encoded& out) {
  if constexpr (is_wrapper<T>) {
    require_serializable<StateOf<T>>();
  } else {
    require_serializable<T>();
  }
  if constexpr (root_is_serializable<T>()) {
    static_cast<void>(&KnownTypeOf<T>::known);
    if constexpr (is_wrapper<T>) {
      static_cast<void>(&WrapperOf<T>::known);
    }
    Writer writer(out, fingerprint<T>(), kTypeName<T>);
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

// The function that reads a T from these bytes, by their fingerprint. Throws if they hold something else.
template <class T>
T (*read_function(Reader& reader))
(Reader&) {
  if constexpr (is_serializable<T>) {
    if (reader.fingerprint() == fingerprint<T>()) [[likely]] {
      return &Codec<T>::read;
    }
  }
  if (T(*from_wrapper)(Reader&) = find_wrapper<T>(reader)) {
    return from_wrapper;
  }
  if constexpr (is_serializable<T>) {
    type_mismatch(reader.fingerprint(), type_text<T>());
  } else {
    type_mismatch(reader.fingerprint(), std::string(kTypeName<T>));
  }
}

// The value, built in place where it cannot move. A T need not be serializable itself if a wrapper
// restores it.
template <class T>
T decode(const EncodedView& view) {
  Reader reader(view);
  T (*const read)(Reader&) = read_function<T>(reader);
  if constexpr (std::is_move_constructible_v<T>) {
    T value = read(reader);
    reader.finish();
    return value;
  } else {
    const FinishOnReturn finish(reader);
    return read(reader);
  }
}

}  // namespace manta::serialization
