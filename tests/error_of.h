// The text of the error that a call is expected to throw.
#pragma once
#include <string>

namespace manta::testing {

template <class E, class Call>
std::string error_of(Call call) {
  try {
    call();
  } catch (const E& error) {
    return error.what();
  }
  return "no error";
}

}  // namespace manta::testing
