// Which words of a closure may be addresses. C++ does not list the captures of a lambda, but its compilers do, each
// in a way of its own (docs/decisions/015):
//
//   Clang   __builtin_dump_struct() visits every member with its type.
//   GCC     The closure is made a constant of made-up bytes, other ones for each word, and printed in the name of a
//           type: "<lambda()>{72340172838076673, P{16843009, "\001..."}}". With a pointer, a reference, a union or a
//           private member it is no constant: then every word may be an address, after padding was cleared.
//
// A word may be an address if it is a pointer, or an integer of that size that is captured itself. A member of a
// captured struct or array does not count, because it may be partly written.
// Threads: any; these are values.
#pragma once
#include <array>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <type_traits>

#include "../../base/build_settings.h"

namespace manta::serialization {

// The words of a closure, with zeros for those that cannot be addresses.
template <class F>
using CapturedWords = std::array<std::uint64_t, sizeof(F) / sizeof(std::uint64_t)>;

template <class T>
inline constexpr bool is_word_sized_integer =
    (std::is_integral_v<T> || std::is_enum_v<T>)&&sizeof(T) == sizeof(std::uint64_t);

#if defined(__clang__)

template <class F>
class CaptureVisitor {
 public:
  explicit CaptureVisitor(const F& f) : begin_(reinterpret_cast<const char*>(&f)) {
    __builtin_dump_struct(&f, *this);
  }
  const CapturedWords<F>& words() const { return words_; }

  // Called by the compiler for each member and brace, with texts of its own among the values.
  template <class... Printed>
  void operator()(const char* format, Printed&&... printed) {
    for (const char c : std::string_view(format)) depth_ += c == '{' ? 1 : c == '}' ? -1 : 0;
    (member<Printed>(printed), ...);
  }

 private:
  template <class Printed, class T>
  void member(T& value) {
    if constexpr (std::is_lvalue_reference_v<Printed>) {
      if (is_inside(&value)) leaf(value, depth_ == 1);
      // It points to a member that the compiler does not print.
    } else if constexpr (std::is_pointer_v<T>) {
      if (is_inside(value)) {
        nested(*value);
      } else {
        referred(reinterpret_cast<std::uint64_t>(value));
      }
    }
  }
  template <class T>
  void nested(T& value) {
    if constexpr (std::is_array_v<T>) {
      for (auto& element : value) nested(element);
    } else if constexpr (std::is_class_v<T> || std::is_union_v<T>) {
      ++depth_;
      __builtin_dump_struct(&value, *this);
      --depth_;
    } else {
      leaf(value, false);
    }
  }
  template <class T>
  void leaf(T& value, bool captured_itself) {
    constexpr bool pointer = std::is_pointer_v<T> || std::is_member_pointer_v<T>;
    if (pointer || (is_word_sized_integer<T> && captured_itself)) copy(offset(&value));
  }
  // A reference has no address of its own: it is the word that holds this address.
  void referred(std::uint64_t address) {
    for (std::size_t at = 0; at + sizeof address <= sizeof(F); at += sizeof address) {
      if (std::memcmp(begin_ + at, &address, sizeof address) == 0) copy(at);
    }
  }
  void copy(std::size_t at) {
    const std::size_t word = at / sizeof(std::uint64_t);
    if (word < words_.size()) std::memcpy(&words_[word], begin_ + at, sizeof words_[word]);
  }
  std::size_t offset(const volatile void* at) const {
    return static_cast<std::size_t>(static_cast<const volatile char*>(at) - begin_);
  }
  bool is_inside(const volatile void* at) const { return offset(at) < sizeof(F); }

  const char* begin_;
  int depth_ = 0;
  CapturedWords<F> words_{};
};

template <class F>
CapturedWords<F> captured_words(const F& f) {
  return CaptureVisitor<F>(f).words();
}

#else

// The bytes of each word are another control character.
inline constexpr std::size_t kMostPrintedWords = 31;

constexpr std::uint64_t made_up_word(std::size_t i) { return 0x0101010101010101U * (i + 1); }

template <class F>
constexpr auto made_up_bytes() {
  std::array<unsigned char, sizeof(F)> bytes{};
  for (std::size_t i = 0; i < sizeof(F); ++i) {
    bytes[i] = static_cast<unsigned char>(1 + i / sizeof(std::uint64_t) % kMostPrintedWords);
  }
  return bytes;
}

template <auto Closure>
struct PrintedClosure {
  static consteval std::string_view text() { return __PRETTY_FUNCTION__; }
};

// Whether the closure holds numbers only, in members that can be seen.
template <class F>
concept ConstantClosure =
    requires { typename PrintedClosure<__builtin_bit_cast(F, made_up_bytes<F>())>; };

// Marks the words that are printed as one number between the outermost braces: those that are captured themselves.
template <std::size_t Words>
consteval std::array<bool, Words> numbers_in(std::string_view text) {
  std::array<bool, Words> found{};
  int depth = 0;
  std::uint64_t number = 0;
  for (const char c : text) {
    if (c >= '0' && c <= '9') {
      number = number * 10 + static_cast<std::uint64_t>(c - '0');
      continue;
    }
    for (std::size_t i = 0; i < Words && depth == 1; ++i) {
      if (number == made_up_word(i)) found[i] = true;
    }
    number = 0;
    depth += c == '{' ? 1 : c == '}' ? -1 : 0;
  }
  return found;
}

template <class F>
consteval auto words_that_count() {
  constexpr std::size_t words = sizeof(F) / sizeof(std::uint64_t);
  if constexpr (!ConstantClosure<F>) {
    std::array<bool, words> all{};
    all.fill(true);
    return all;
  } else if constexpr (words > kMostPrintedWords) {
    return std::array<bool, words>{};
  } else {
    return numbers_in<words>(PrintedClosure<__builtin_bit_cast(F, made_up_bytes<F>())>::text());
  }
}

template <class F>
CapturedWords<F> captured_words(const F& f) {
  alignas(F) std::array<unsigned char, sizeof(F)> bytes;
  std::memcpy(bytes.data(), &f, sizeof f);
  __builtin_clear_padding(reinterpret_cast<F*>(bytes.data()));
  constexpr auto counts = words_that_count<F>();
  CapturedWords<F> words{};
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (counts[i]) std::memcpy(&words[i], bytes.data() + i * sizeof words[i], sizeof words[i]);
  }
  return words;
}

#endif

}  // namespace manta::serialization
