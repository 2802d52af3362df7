// The compile errors of named() and remote_named() for what they do not take; see named.h for the right calls.
//
// Threads: compile time only.
#pragma once
#include <string_view>
#include <type_traits>

#include "explain_callable.h"
#include "named.h"
#include "refused.h"

namespace manta {
namespace detail {

template <class... Given>
inline constexpr bool are_name_and_options = false;
template <class Name>
inline constexpr bool are_name_and_options<Name> = std::is_convertible_v<Name, std::string_view>;
template <class Name, class Options>
inline constexpr bool are_name_and_options<Name, Options> =
    are_name_and_options<Name> && std::is_convertible_v<Options, TaskOptions>;

}  // namespace detail

// A set of overloads.
template <FixedString Name, class None = void,
          class F = typename detail::OverloadedFunction<None>::type>
  requires detail::always_false<F>
detail::Refused named(F);
template <FixedString Name, detail::OverloadsAsArgument<detail::OverloadedFunction> F>
detail::Refused named();

// A call without a name, without a function, or with too many arguments.
template <auto None = nullptr, class... Given>
  requires(sizeof...(Given) > 0 && std::is_null_pointer_v<decltype(None)>)
auto named(Given&&...) {
  static_assert(detail::always_false<Given...>,
                "manta::named(f): the name stands in the angle brackets, since it is known when "
                "the program is compiled: manta::named<\"name\">(lambda), manta::named<\"name\", "
                "function>()");
  return detail::Refused();
}
template <FixedString Name, class... Given>
  requires(sizeof...(Given) != 1)
auto named(Given&&...) {
  static_assert(
      sizeof...(Given) > 0,
      "manta::named<\"name\">(): there is no function: manta::named<\"name\">(lambda), or "
      "manta::named<\"name\", function>()");
  static_assert(sizeof...(Given) == 0,
                "manta::named<\"name\">(f, x): it takes a function and no more. Options are given "
                "to manta::remote(manta::named<\"name\">(f), options), and arguments to what that "
                "returns");
  return detail::Refused();
}

template <class Signature, class... Given>
  requires(!std::is_function_v<Signature> || !detail::KnownSignature<Signature*>)
auto remote_named(Given&&...) {
  static_assert(detail::always_false<Signature>,
                "manta::remote_named<R(A...)>(name) needs a signature, such as int(int, int)");
  return detail::Refused();
}
template <auto None = nullptr, class... Given>
auto remote_named(Given&&...) {
  static_assert(detail::always_false<detail::Refused, Given...>,
                "manta::remote_named(name): say the signature of the function in the angle "
                "brackets, which is all that is known of it here: "
                "manta::remote_named<int(int, int)>(\"name\")");
  return detail::Refused();
}
template <class Signature, class... Given>
  requires(std::is_function_v<Signature> && detail::KnownSignature<Signature*> &&
           !detail::are_name_and_options<Given...>)
auto remote_named(Given&&...) {
  static_assert(detail::always_false<Signature>,
                "manta::remote_named<R(A...)>(x): it takes the function's name and perhaps its "
                "manta::TaskOptions; the arguments stand in parentheses of their own: "
                "manta::remote_named<R(A...)>(\"name\")(args...)");
  return detail::Refused();
}

}  // namespace manta
