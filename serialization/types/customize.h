// How a type says that it is serialized in a way of its own, from outside its class. In the class:
//
//   auto manta_reduce() const { return std::tuple(path_); }      rebuilt as T(path), or by
//   static T manta_restore(std::string path);                     where there is one
//   static constexpr auto manta_members() { return std::tuple(&T::a_, &T::b_); }
#pragma once
#include "../../base/build_settings.h"

namespace manta {

// Specialise to true for a type that is only ever serialized by register_serializer().
template <class T>
inline constexpr bool dynamic_serializer = false;

// Specialise with `static X reduce(const T&)` and `static T restore(X)`, X serializable.
template <class T>
struct serializer;

}  // namespace manta
