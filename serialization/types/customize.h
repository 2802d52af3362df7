// How a program says, outside of a class, that the class is serialized in a way of its own. Inside the class it would
// be
//
//   auto manta_reduce() const { return std::tuple(path_); }       the object is made again as T(path), or by
//   static T manta_restore(std::string path);                     if the class has this function
//   static constexpr auto manta_members() { return std::tuple(&T::a_, &T::b_); }
#pragma once
#include "../../base/build_settings.h"

namespace manta {

// To be specialised to true for a type that is serialized only by register_serializer().
template <class T>
inline constexpr bool dynamic_serializer = false;

// To be specialised with `static X reduce(const T&)` and `static T restore(X)`, where X can be serialized.
template <class T>
struct serializer;

}  // namespace manta
