// Remembers where an exception was thrown, in threads that run a task. This defines a __cxa_throw (Itanium C++ ABI,
// exception handling 2.4.3), which is found before that of the C++ library, and calls it.
#include <cstdint>
#include <dlfcn.h>
#include <execinfo.h>
#include <vector>

#include "../code/stack_text.h"
#include "exceptions.h"
#include "task_frame.h"

namespace manta::detail {
namespace {

constexpr int kMaxFrames = 32;
constexpr int kOwnFrames = 2;  // remember_throw and __cxa_throw
thread_local void* frames_here[kMaxFrames];
thread_local int frame_count_here = 0;

}  // namespace

[[gnu::noinline]] void remember_throw() noexcept {
  if (TaskFrame::current() != nullptr) frame_count_here = ::backtrace(frames_here, kMaxFrames);
}

std::string last_throw_stack() {
  if (frame_count_here <= kOwnFrames) return {};
  std::vector<CodePlace> places;
  for (int i = kOwnFrames; i < frame_count_here; ++i) {
    places.push_back(place_of(reinterpret_cast<std::uintptr_t>(frames_here[i])));
  }
  frame_count_here = 0;
  return encode_stack(places);
}

}  // namespace manta::detail

extern "C" [[noreturn]] void __cxa_throw(void* object, void* type, void (*destroy)(void*)) {
  using Throw = void (*)(void*, void*, void (*)(void*));
  static const auto next = reinterpret_cast<Throw>(::dlsym(RTLD_NEXT, "__cxa_throw"));
  manta::detail::remember_throw();
  next(object, type, destroy);
  __builtin_unreachable();
}
