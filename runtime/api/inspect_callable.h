// What inspect_serializability() says of the callables that remote() takes, besides closures:
//
//   f, &f                       the function is named
//   capture(f, values...)       the values are looked at and tried
//   plain(f), a function object its bytes are copied
//   named<"name">(f), remote(f) the same as of f
//
// Threads: any. Errors: none; what fails is reported.
#pragma once
#include <cstdint>
#include <exception>
#include <string_view>
#include <tuple>
#include <type_traits>

#include "../../serialization/inspect.h"
#include "capture.h"
#include "explain_callable.h"
#include "remote_function.h"

namespace manta::serialization {

template <class F>
concept PointedAt = detail::RemoteCallable<std::decay_t<F>> && std::is_pointer_v<std::decay_t<F>>;

template <PointedAt F>
struct CallableReport<F> {
  static constexpr bool known = true;
  static SerializabilityReport of(const F* f, std::string_view name) {
    auto report = inspect_code(type_node<F>, name, "it can be called remotely as it is");
    if (f == nullptr) return report;
    try {
      const std::decay_t<F> pointer = *f;
      detail::identify_function(reinterpret_cast<std::uintptr_t>(pointer));
    } catch (const std::exception& error) {
      add_failure(report, error.what());
    }
    return report;
  }
};

// Function objects that are no serializable values travel as closures do.
template <class F>
concept CopiedAsBytes = detail::HasOneCallOperator<F> && detail::RemoteCallable<F> &&
                        std::is_trivially_copyable_v<F> && !is_serializable<F>;

template <CopiedAsBytes F>
struct CallableReport<F> {
  static constexpr bool known = true;
  static SerializabilityReport of(const F* f, std::string_view name) {
    return report_on_closure(f, name);
  }
};

template <class F, class... C>
  requires detail::KnownSignature<F>
struct CallableReport<detail::Captured<F, C...>> {
  using Captured = detail::Captured<F, C...>;
  static constexpr bool known = true;
  static SerializabilityReport of(const Captured* f, std::string_view name) {
    using Values = std::tuple<C...>;
    if constexpr (!is_serializable<Values>) {
      return inspect(type_node<Values>, name);
    } else {
      auto report =
          inspect_code(type_node<Captured>, name, "its captured values are sent with each call");
      if constexpr (!detail::state_travels<Captured>) {
        add_failure(report,
                    "the lambda in manta::capture(lambda, captured...) must capture nothing");
      } else if (f != nullptr) {
        try_to_save(report, *f);
      }
      return report;
    }
  }

 private:
  static void try_to_save(SerializabilityReport& report, const Captured& f) {
    try {
      detail::ClosureState<Captured>::save(f, [](const auto& state) {
        Encoded encoded;
        encode(state, encoded);
      });
    } catch (const std::exception& error) {
      add_failure(report, error.what());
    }
  }
};

template <class F>
  requires detail::KnownSignature<F>
struct CallableReport<detail::Plain<F>> {
  static constexpr bool known = true;
  static SerializabilityReport of(const detail::Plain<F>*, std::string_view name) {
    auto report = inspect_code(type_node<detail::Plain<F>>, name,
                               "its captures are copied as bytes: manta::plain() vouches that they "
                               "hold no address");
    if constexpr (!detail::state_travels<detail::Plain<F>>) {
      add_failure(report,
                  "manta::plain() vouches for trivially copyable captures only; use "
                  "manta::capture(lambda, captured...)");
    }
    return report;
  }
};

template <FixedString Name, class F>
struct CallableReport<detail::Named<Name, F>> {
  static constexpr bool known = true;
  static SerializabilityReport of(const detail::Named<Name, F>* f, std::string_view name) {
    return report_on(f == nullptr ? nullptr : &f->function, name);
  }
};

template <class F>
  requires(!std::is_function_v<F>)
struct CallableReport<RemoteFunction<F>> {
  static constexpr bool known = true;
  static SerializabilityReport of(const RemoteFunction<F>* f, std::string_view name) {
    return report_on(f == nullptr ? nullptr : &f->function(), name);
  }
};

}  // namespace manta::serialization
