// The compile errors of put(), get(), wait(), free(), try_get(), get_each() and as_completed() for what they do not
// take. These overloads are the worst match for any call, so that functions of these names in other libraries are
// preferred.
//
// Threads: compile time only.
#pragma once
#include <initializer_list>
#include <type_traits>
#include <vector>

#include "../../base/timeout.h"
#include "as_completed.h"
#include "get.h"
#include "outcome.h"
#include "refused.h"

namespace manta {
namespace detail {

template <class T>
inline constexpr bool is_ref_or_list = IsRef<T>::value || IsRefList<T>::value;
template <class T>
inline constexpr bool is_ref_list = IsRefList<T>::value || std::is_same_v<T, std::vector<AnyRef>>;

template <class First, class... More>
inline constexpr bool can_be_got = is_ref_or_list<First>;
template <class First, class Second>
inline constexpr bool can_be_got<First, Second> =
    (is_ref_or_list<First> && std::is_convertible_v<const Second&, Timeout>) ||
    (IsRef<First>::value && IsRef<Second>::value);  // NOLINT(misc-redundant-expression): in one use
template <class First, class Second, class Third, class... More>
inline constexpr bool can_be_got<First, Second, Third, More...> =
    IsRef<First>::value && IsRef<Second>::value && IsRef<Third>::value &&
    (IsRef<More>::value && ...);

template <class First, class... More>
inline constexpr bool can_be_awaited = is_ref_list<First> && sizeof...(More) <= 1 &&
                                       (std::is_convertible_v<const More&, WaitOptions> && ...);

// A list of typed references, perhaps with a timeout.
template <class... Given>
inline constexpr bool are_list_and_timeout = false;
template <class List>
inline constexpr bool are_list_and_timeout<List> = IsRefList<List>::value;
template <class List, class Second>
inline constexpr bool are_list_and_timeout<List, Second> =
    IsRefList<List>::value && std::is_convertible_v<const Second&, Timeout>;

// For put() of something that has no type: an overloaded function, or a list in braces.
template <class None>
struct ValueWithoutType {
  static_assert(!std::is_void_v<None>,
                "manta::put(x): x has no type of its own. Of a list in braces say it, such as "
                "manta::put(std::vector<int>{1, 2}); a function, overloaded or not, is sent as a "
                "manta::RemoteFunction<R(A...)>");
  using type = Refused;
};

template <class T>
inline constexpr bool is_any_pointer = std::is_pointer_v<T> || std::is_null_pointer_v<T>;
// Pointers are ::free()'s.
template <class T>
inline constexpr bool can_be_freed =
    is_ref_list<T> || std::is_convertible_v<const T&, AnyRef> || is_any_pointer<T>;

template <class... Given>
auto explain_get_each() {
  static_assert(always_false<Refused, Given...>,
                "manta::get_each(x): it takes a std::vector<ObjectRef<T>>, and perhaps a timeout, "
                "such as std::chrono::seconds(5). For one reference there is manta::try_get(ref)");
}
template <class... Given>
auto explain_as_completed() {
  static_assert(always_false<Refused, Given...>,
                "manta::as_completed(x): it takes a std::vector<ObjectRef<T>>, and perhaps a "
                "timeout, such as std::chrono::seconds(5)");
}

}  // namespace detail

template <class First, class... More>
  requires(!detail::can_be_got<First, More...> && !std::is_same_v<First, detail::Refused>)
auto get(const First&, const More&...) {
  static_assert(!std::is_same_v<First, AnyRef>,
                "manta::get(ref): an AnyRef has forgotten the type of its value: keep the "
                "ObjectRef<T> that it was made from");
  static_assert(std::is_same_v<First, AnyRef> || detail::is_ref_or_list<First>,
                "manta::get(x): x is no reference. It takes an ObjectRef<T>, several of them, or a "
                "std::vector<ObjectRef<T>>, and a timeout; what is no reference is there already");
  static_assert(std::is_same_v<First, AnyRef> || !detail::is_ref_or_list<First>,
                "manta::get(refs, x): after the reference (or the vector of references) comes a "
                "timeout, such as std::chrono::seconds(5), or more references: each an "
                "ObjectRef<T>");
  return detail::Refused();
}

template <class First, class... More>
  requires(!detail::can_be_awaited<First, More...> && !std::is_same_v<First, detail::Refused> &&
           !detail::is_any_pointer<First>)  // those are for ::wait()
auto wait(const First&, const More&...) {
  static_assert(!detail::IsRef<First>::value,
                "manta::wait(ref): it takes a list, manta::wait({ref}) or a vector of references; "
                "to wait for one value say manta::get(ref)");
  static_assert(detail::IsRef<First>::value || detail::is_ref_list<First>,
                "manta::wait(x): x is no list of references. It takes a std::vector<ObjectRef<T>> "
                "or std::vector<AnyRef>, and WaitOptions");
  static_assert(!detail::is_ref_list<First>,
                "manta::wait(refs, x): after the references come manta::WaitOptions, such as "
                "{.num_ready = 2, .timeout = std::chrono::seconds(5)}");
  return detail::Refused();
}

// Calls without arguments, and with lists in braces of something that is no reference.
template <class None = void>
auto get() {
  static_assert(detail::always_false<None>, "manta::get(): it takes a reference, manta::get(ref)");
  return detail::Refused();
}
template <class T>
auto get(std::initializer_list<T>) {
  static_assert(detail::always_false<T>,
                "manta::get({x, ...}): they are no references. It takes ObjectRef<T>s of one type");
  return detail::Refused();
}
template <class None = void>
auto wait() {
  static_assert(detail::always_false<None>, "manta::wait(): it takes a list, manta::wait(refs)");
  return detail::Refused();
}
template <class T>
auto wait(std::initializer_list<T>) {
  static_assert(detail::always_false<T>,
                "manta::wait({x, ...}): they are no references. It takes ObjectRef<T>s of one "
                "type, or a std::vector<AnyRef>");
  return detail::Refused();
}

template <class List, class... More>
  requires(!detail::is_ref_list<List> || sizeof...(More) != 1)
auto wait_with_progress(const List&, const More&...) {
  static_assert(detail::is_ref_list<List>,
                "manta::wait_with_progress(x, label): x is no list of references. It takes a "
                "std::vector<ObjectRef<T>> or std::vector<AnyRef>, and a label");
  static_assert(!detail::is_ref_list<List>,
                "manta::wait_with_progress(refs, label): it takes a label for the bar, such as "
                "\"images\", and no more");
  return detail::Refused();
}

template <class None = void>
auto put() {
  static_assert(detail::always_false<None>, "manta::put(): it takes a value, manta::put(value)");
  return detail::Refused();
}
template <class T, class Second, class... More>
  requires(!std::is_convertible_v<Second, PutOptions> || sizeof...(More) > 0)
auto put(T&&, Second&&, More&&...) {
  static_assert(detail::always_false<T>,
                "manta::put(value, x): it stores one value; several are one as a struct, a "
                "std::tuple or a std::vector. Beside it only manta::PutOptions are given");
  return detail::Refused();
}
template <class None = void, class T = typename detail::ValueWithoutType<None>::type>
  requires detail::always_false<T>
detail::Refused put(T);

template <class None = void>
auto free() {
  static_assert(detail::always_false<None>,
                "manta::free(): it takes a reference, manta::free(ref)");
  return detail::Refused();
}
template <class T, class... More>
  requires(!detail::can_be_freed<T> || (sizeof...(More) > 0 && !detail::is_any_pointer<T>))
void free(const T&, const More&...) {
  static_assert(detail::can_be_freed<T>,
                "manta::free(x): x is no reference. It takes an ObjectRef<T>, an AnyRef, or a "
                "std::vector of them");
  static_assert(!detail::can_be_freed<T>,
                "manta::free(ref, x): several references stand in braces: manta::free({a, b})");
}
template <class T>
void free(const ObjectRef<T>*) {
  static_assert(detail::always_false<T>,
                "manta::free(&ref): it takes the reference itself, manta::free(ref)");
}

template <class... Given>
  requires(sizeof...(Given) != 1 || !(detail::IsRef<Given>::value && ...))
auto try_get(const Given&...) {
  static_assert(
      detail::always_false<detail::Refused, Given...>,
      "manta::try_get(x): it takes one ObjectRef<T> and no timeout, since it never waits. "
      "For a list there is manta::get_each(refs)");
  return detail::Refused();
}
template <class... Given>
  requires(!detail::are_list_and_timeout<Given...>)
auto get_each(const Given&...) {
  detail::explain_get_each<Given...>();
  return detail::Refused();
}
template <class T, class... More>
auto get_each(std::initializer_list<T>, const More&...) {
  detail::explain_get_each<T>();
  return detail::Refused();
}
template <class... Given>
  requires(!detail::are_list_and_timeout<Given...>)
auto as_completed(const Given&...) {
  detail::explain_as_completed<Given...>();
  return std::vector<detail::Refused>();
}
template <class T, class... More>
auto as_completed(std::initializer_list<T>, const More&...) {
  detail::explain_as_completed<T>();
  return std::vector<detail::Refused>();
}

}  // namespace manta
