// Element types by numpy's names, for functions that Python calls.
#pragma once
#include <complex>
#include <cstdint>
#include <string_view>
#include <type_traits>

#include <manta/base/error.h>
#include <manta/objectstore/dlpack.h>

// Calls f(std::type_identity<T>()) with the type of that name; "bf2" is bfloat16.
template <class F>
auto with_type(std::string_view name, F f) {
  if (name == "?") return f(std::type_identity<bool>());
  if (name == "i1") return f(std::type_identity<std::int8_t>());
  if (name == "u1") return f(std::type_identity<std::uint8_t>());
  if (name == "i2") return f(std::type_identity<std::int16_t>());
  if (name == "u2") return f(std::type_identity<std::uint16_t>());
  if (name == "i4") return f(std::type_identity<std::int32_t>());
  if (name == "u4") return f(std::type_identity<std::uint32_t>());
  if (name == "i8") return f(std::type_identity<std::int64_t>());
  if (name == "u8") return f(std::type_identity<std::uint64_t>());
  if (name == "f2") return f(std::type_identity<manta::float16>());
  if (name == "bf2") return f(std::type_identity<manta::bfloat16>());
  if (name == "f4") return f(std::type_identity<float>());
  if (name == "f8") return f(std::type_identity<double>());
  throw manta::InvalidArgument("the test knows no type of this name");
}
