// What fails in a function that Python calls returns what the call says; last_error() tells why.
#pragma once
#include <string>

#include <manta/base/error.h>

inline std::string why;

template <class F>
auto guarded(F f, decltype(f()) failed) {
  try {
    why.clear();
    return f();
  } catch (const manta::InvalidArgument& error) {
    why = error.what();
    return failed;
  }
}
