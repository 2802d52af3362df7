// A Refused is what a wrong call gives at compile time, and allows most of what is done to it. Functions that explain a
// wrong call return `auto`: then they are compiled at the call, and the explanation is the first error.
//
// Threads: compile time only.
#pragma once
#include "../../base/always_false.h"

namespace manta::detail {

using base::always_false;

struct Refused {
  template <class... Args>
  Refused operator()(Args&&...) const {
    return {};
  }
  template <class... Args>
  Refused unpack(Args&&...) const {
    return {};
  }
  Refused ready() const { return {}; }
  const Refused* next() const { return nullptr; }
  const Refused* begin() const { return nullptr; }
  const Refused* end() const { return nullptr; }
  void cancel() const {}
  template <class T>
  operator T() const;  // never defined
};

template <class Stream>
Stream& operator<<(Stream& stream, const Refused&) {
  return stream;
}

}  // namespace manta::detail

namespace manta {

template <class... More>
detail::Refused get(const detail::Refused&, const More&...) {
  return {};
}
template <class... More>
detail::Refused wait(const detail::Refused&, const More&...) {
  return {};
}

}  // namespace manta
