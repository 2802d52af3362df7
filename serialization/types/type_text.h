// The canonical text of a type, whose hash is its fingerprint. It has field names, their order and widths, but no
// namespaces, and is the same on every compiler. Types with one encoding have one text.
//
//   i8 u16 f64 f16 bf16 bool char16 str8 enum Color:i32     seq<T> set<T> map<K,V> tup<A,B> one<A|B> opt<T>
//   struct Box{val:one<i32|str8>,m:map<str8,seq<f64>>,next:ptr<^0>}    reduced Connection{tup<str8>}
//
// The body of a struct stands where the struct is met first; later mentions, also inside itself, are ^n, its
// number in the text.
// Threads: a TypeText is confined; what fingerprint() and type_text() return is computed once.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "../../base/build_settings.h"

namespace manta::serialization {

// The text of T and its hash: encode.h, which knows all codecs, defines them.
template <class T>
const std::string& type_text();
template <class T>
std::uint64_t fingerprint();

class TypeText {
 public:
  void append(std::string_view text) { text_ += text; }
  void append_number(std::uint64_t number);

  // False if the struct with this key has a number already: then a mention of it was appended, and nothing follows.
  bool begin_struct(const void* key, std::string_view name, std::string_view word = "struct");
  void member(std::string_view name);  // with a "," before all but the first
  void end_struct();

  const std::string& text() const { return text_; }
  std::string take() && { return std::move(text_); }

 private:
  std::string text_;
  std::vector<const void*> structs_;
};

// `open` and, in angle brackets, what `describe_parts()` appends.
template <class Describe>
void describe_with(TypeText& text, std::string_view open, Describe describe_parts) {
  text.append(open);
  text.append("<");
  describe_parts();
  text.append(">");
}

std::uint64_t hash_text(std::string_view text);  // never 0

// One of all the types that this program may write, so that a mismatch can name both.
struct KnownType {
  std::uint64_t (*fingerprint)();
  const std::string& (*text)();
  KnownType* next = nullptr;

  KnownType(std::uint64_t (*fingerprint_function)(), const std::string& (*text_function)());
};

// While one exists, this thread's error messages know the text of a type from elsewhere.
class SchemaHint {
 public:
  SchemaHint(std::uint64_t fingerprint, std::string_view text);
  ~SchemaHint();
  SchemaHint(const SchemaHint&) = delete;
  SchemaHint& operator=(const SchemaHint&) = delete;

 private:
  friend std::string describe_fingerprint(std::uint64_t fingerprint);
  std::uint64_t fingerprint_;
  std::string_view text_;
  const SchemaHint* before_;
};

// Among the types that this program may write; null if it has none with that fingerprint, or of that name.
const std::string* known_text(std::uint64_t fingerprint);
const std::string* known_struct_text(std::string_view name);

std::string describe_fingerprint(std::uint64_t fingerprint);  // the text of its type, or its number
[[noreturn]] void type_mismatch(std::uint64_t found, const std::string& wanted);

}  // namespace manta::serialization
