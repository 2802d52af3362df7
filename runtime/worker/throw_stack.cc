// Two ways lead here. A __cxa_throw of our own (Itanium C++ ABI, exception handling 2.4.3) is found before that of
// libstdc++.so, and knows the first place of what is caught and thrown again. Where libstdc++ is linked statically, or
// belongs to another part of the process, throws do not come by it; those that leave the task come by EveryThrow.
#include "throw_stack.h"

#include <cstdint>
#include <dlfcn.h>
#include <exception>
#include <execinfo.h>
#include <typeinfo>
#include <vector>

#include "../code/stack_text.h"
#include "task_frame.h"

namespace manta::detail {
namespace {

constexpr int kMaxFrames = 32;

// What this thread has thrown last, and the stack at that time; the object is null if it is not known.
struct LastThrow {
  const void* object = nullptr;
  void* frames[kMaxFrames] = {};
  int frame_count = 0;
};
constinit thread_local LastThrow last_throw;

[[gnu::noinline]] void remember_throw(const void* object) noexcept {
  LastThrow& here = last_throw;
  here.object = object;
  here.frame_count = ::backtrace(here.frames, kMaxFrames);
}

}  // namespace

// The type of EveryThrow as the search for a handler sees it (<typeinfo> of libstdc++). It is asked whether it takes
// the exception: `object` is what was thrown.
class TypeOfEveryThrow : public std::type_info {
 public:
  TypeOfEveryThrow() : std::type_info("N5manta6detail10EveryThrowE") {}
  bool __do_catch(const std::type_info*, void** object, unsigned) const override {
    if (last_throw.object != *object) remember_throw(*object);
    return false;
  }
};

// It has the name that the compiler gives to the description of the type.
extern const TypeOfEveryThrow type_of_every_throw __asm__("_ZTIN5manta6detail10EveryThrowE");
[[gnu::used]] const TypeOfEveryThrow type_of_every_throw;

std::string last_throw_stack() {
  constexpr int kOwnFrames = 2;  // remember_throw() and what has called it
  LastThrow& last = last_throw;
  std::vector<CodePlace> places;
  for (int i = kOwnFrames; i < last.frame_count; ++i) {
    places.push_back(place_of(reinterpret_cast<std::uintptr_t>(last.frames[i])));
  }
  last.object = nullptr;
  last.frame_count = 0;
  return places.empty() ? std::string() : encode_stack(places);
}

}  // namespace manta::detail

// Weak, so that the one of a libstdc++.a in the same link takes its place. The second line has the linker look into
// that file of the archive in any case: else this one stayed, and called that of a libstdc++.so which some library
// needs.
extern "C" [[noreturn, gnu::weak]] void __cxa_throw(void* object, void* type,
                                                    void (*destroy)(void*)) {
  using Throw = void (*)(void*, void*, void (*)(void*));
  static const auto next = reinterpret_cast<Throw>(::dlsym(RTLD_NEXT, "__cxa_throw"));
  if (manta::detail::TaskFrame::current() != nullptr) manta::detail::remember_throw(object);
  next(object, type, destroy);
  __builtin_unreachable();
}
[[gnu::used]] static const auto looked_for = &__cxxabiv1::__cxa_init_primary_exception;
