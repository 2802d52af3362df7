// Names of types and members as the compiler writes them, taken from __PRETTY_FUNCTION__.
//
//   type_name<ns::Box<int>>()   "ns::Box<int>"     for messages: differs between compilers
//   short_name<ns::Box<int>>()  "Box"              for fingerprints: the same on GCC and Clang
//   Unnamed types have the short name "".
//
// Threads: constants.
#pragma once
#include <cstddef>
#include <string_view>

#include "../../base/build_settings.h"

namespace manta::serialization {

template <class T>
consteval std::string_view pretty_type() {
  return __PRETTY_FUNCTION__;
}

template <auto V>
consteval std::string_view pretty_value() {
  return __PRETTY_FUNCTION__;
}

// The text between "NAME = " and the end of the list of template arguments.
consteval std::string_view pretty_argument(std::string_view text, std::string_view name) {
  const std::size_t begin = text.find(name) + name.size();
  std::size_t end = text.rfind(']');
  if (const std::size_t more = text.find("; std::string_view = ", begin);
      more != std::string_view::npos) {
    end = more;
  }
  return text.substr(begin, end - begin);
}

template <class T>
inline constexpr std::string_view kTypeName = pretty_argument(pretty_type<T>(), "T = ");

template <class T>
consteval std::string_view type_name() {
  return kTypeName<T>;
}

// The last component of a qualified name, without template arguments.
constexpr std::string_view last_component(std::string_view name) {
  std::size_t begin = 0;
  int depth = 0;
  for (std::size_t i = 0; i + 1 < name.size(); ++i) {
    const char c = name[i];
    depth += (c == '<' || c == '(' || c == '{') ? 1 : (c == '>' || c == ')' || c == '}') ? -1 : 0;
    if (depth == 0 && c == ':' && name[i + 1] == ':') {
      begin = i + 2;
    }
  }
  name.remove_prefix(begin);
  return name.substr(0, name.find_first_of("<({"));
}

template <class T>
inline constexpr std::string_view kShortName = last_component(kTypeName<T>);

template <class T>
consteval std::string_view short_name() {
  return kShortName<T>;
}

// The identifier at the end of a printed pointer: "(& Fake<X>::object.value.X::name)" gives "name".
constexpr std::string_view last_identifier(std::string_view text) {
  const auto is_word = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '$' || static_cast<unsigned char>(c) >= 0x80;
  };
  std::size_t end = text.size();
  while (end > 0 && !is_word(text[end - 1])) {
    --end;
  }
  std::size_t begin = end;
  while (begin > 0 && is_word(text[begin - 1])) {
    --begin;
  }
  return text.substr(begin, end - begin);
}

// The text in the outermost brackets at the end of a name: "lambda(int)" of "f()::<lambda(int)>".
constexpr std::string_view last_brackets(std::string_view name) {
  const bool angles = name.ends_with('>');
  if (!angles && !name.ends_with(')')) {
    return {};
  }
  const char open = angles ? '<' : '(';
  int depth = 0;
  for (std::size_t at = name.size(); at > 0; --at) {
    const char c = name[at - 1];
    depth += c == name.back() ? 1 : c == open ? -1 : 0;
    if (depth == 0) {
      return name.substr(at, name.size() - at - 1);
    }
  }
  return {};
}

// True for "f(int)::<lambda(int)>" and "(lambda at f.cc:3:5)", but not for "std::set<int, (lambda at f.cc:3:5)>".
constexpr bool is_closure_name(std::string_view name) {
  const std::string_view inside = last_brackets(name);
  return inside.starts_with("lambda(") || inside.starts_with("lambda at ");
}

template <class T>
inline constexpr bool is_closure = is_closure_name(kTypeName<T>);

template <class T>
inline constexpr bool is_std_type = kTypeName<T>.starts_with("std::");

}  // namespace manta::serialization
