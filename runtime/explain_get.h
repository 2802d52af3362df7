// The compile errors of get() and wait() for what is no reference. They are the worst match for any call, so that
// functions of these names in other libraries are found before them.
//
// Threads: compile time only.
#pragma once
#include <type_traits>
#include <vector>

#include <manta/base/timeout.h>
#include <manta/runtime/get.h>
#include <manta/runtime/refused.h>

namespace manta {
namespace detail {

template <class T>
inline constexpr bool kRefs = IsRef<T>::value || IsRefList<T>::value;
template <class T>
inline constexpr bool kRefList = IsRefList<T>::value || std::is_same_v<T, std::vector<AnyRef>>;

template <class First, class... More>
inline constexpr bool kCanBeGot = kRefs<First>;
template <class First, class Second>
inline constexpr bool kCanBeGot<First, Second> =
    (kRefs<First> && std::is_convertible_v<const Second&, Timeout>) ||
    (IsRef<First>::value && IsRef<Second>::value);
template <class First, class Second, class Third, class... More>
inline constexpr bool kCanBeGot<First, Second, Third, More...> =
    IsRef<First>::value && IsRef<Second>::value && IsRef<Third>::value &&
    (IsRef<More>::value && ...);

template <class First, class... More>
inline constexpr bool kCanBeAwaited = kRefList<First> && sizeof...(More) <= 1 &&
                                      (std::is_convertible_v<const More&, WaitOptions> && ...);

}  // namespace detail

template <class First, class... More>
  requires(!detail::kCanBeGot<First, More...> && !std::is_same_v<First, detail::Refused>)
detail::Refused get(const First&, const More&...) {
  static_assert(!std::is_same_v<First, AnyRef>,
                "manta::get(ref): an AnyRef has forgotten the type of its value: keep the "
                "ObjectRef<T> that it was made from");
  static_assert(std::is_same_v<First, AnyRef> || detail::kRefs<First>,
                "manta::get(x): x is no reference. It takes an ObjectRef<T>, several of them, or a "
                "std::vector<ObjectRef<T>>, and a timeout; what is no reference is there already");
  static_assert(std::is_same_v<First, AnyRef> || !detail::kRefs<First>,
                "manta::get(refs, x): after the reference (or the vector of references) comes a "
                "timeout, such as std::chrono::seconds(5), or more references: each an "
                "ObjectRef<T>");
  return {};
}

template <class First, class... More>
  requires(!detail::kCanBeAwaited<First, More...> && !std::is_same_v<First, detail::Refused> &&
           !std::is_pointer_v<First> && !std::is_null_pointer_v<First>)  // those are for ::wait()
detail::Refused wait(const First&, const More&...) {
  static_assert(!detail::IsRef<First>::value,
                "manta::wait(ref): it takes a list, manta::wait({ref}) or a vector of references; "
                "to wait for one value say manta::get(ref)");
  static_assert(detail::IsRef<First>::value || detail::kRefList<First>,
                "manta::wait(x): x is no list of references. It takes a std::vector<ObjectRef<T>> "
                "or std::vector<AnyRef>, and WaitOptions");
  static_assert(!detail::kRefList<First>,
                "manta::wait(refs, x): after the references come manta::WaitOptions, such as "
                "{.num_ready = 2, .timeout = std::chrono::seconds(5)}");
  return {};
}

}  // namespace manta
