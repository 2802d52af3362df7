// A TextParameter is what a string_view parameter points into while its call runs: a large text lies in the store, as
// an array does, and a small one is copied. It travels as a std::string does.
//
// Threads: confined to the call.
#pragma once
#include <concepts>
#include <string>
#include <string_view>
#include <utility>

#include "../../serialization/std/strings.h"
#include "../ownership/object_ref.h"

namespace manta {
namespace detail {

class TextParameter {
 public:
  template <class T>
    requires std::convertible_to<const T&, std::string_view>
  TextParameter(const T& text) : large_(text) {}  // NOLINT: a conversion; `text` must outlive it
  template <class T>
    requires(!std::convertible_to<const T&, std::string_view> &&
             std::convertible_to<const T&, std::string>)
  TextParameter(const T& text) : small_(text) {}  // NOLINT: a conversion
  TextParameter(std::string_view large, base::StorageRef storage)
      : large_(large), storage_(std::move(storage)) {}
  static TextParameter copy_of(std::string_view text) {
    TextParameter copy{std::string_view()};
    copy.small_ = text;
    return copy;
  }

  operator std::string_view() const {  // NOLINT: a conversion
    return large_.data() != nullptr ? large_ : std::string_view(small_);
  }

 private:
  std::string small_;
  std::string_view large_;  // of memory that the caller keeps, or storage_
  base::StorageRef storage_;
};

}  // namespace detail

template <>
inline constexpr bool one_encoding<std::string, detail::TextParameter> = true;

namespace serialization {

template <>
struct Codec<detail::TextParameter> {
  using Parts = Types<char>;
  static constexpr TypeNode node() { return make_node<detail::TextParameter, Parts>(); }
  static void write(Writer& writer, const detail::TextParameter& value) {
    const std::string_view text = value;
    if (text.size() >= kVectorOutOfBand) {
      writer.varint(2 * text.size() + 1);
      writer.varint(writer.add_buffer(text.data(), text.size(), {}));
    } else {
      writer.varint(2 * text.size());
      writer.raw(text.data(), text.size());
    }
  }
  static detail::TextParameter read(Reader& reader) {
    const std::uint64_t first = reader.varint();
    const std::size_t size = static_cast<std::size_t>(first / 2);
    if ((first & 1) == 0) return detail::TextParameter::copy_of(text_at(reader.raw(size), size));
    const Buffer& buffer = reader.buffer(reader.varint(), size);
    if (buffer.storage != nullptr) return {text_at(buffer.data, size), buffer.storage};
    reader.charge(size);
    return detail::TextParameter::copy_of(text_at(buffer.data, size));
  }
  static void describe(TypeText& text) { Codec<std::string>::describe(text); }

 private:
  static std::string_view text_at(const std::byte* data, std::size_t size) {
    return {reinterpret_cast<const char*>(data), size};
  }
};

}  // namespace serialization
}  // namespace manta
