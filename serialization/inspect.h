// Why a value or a type cannot be serialized, as a tree for people and as data for programs.
//
// Threads: any. Errors: none; what fails is reported.
#pragma once
#include <cstdint>
#include <exception>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "encode.h"
#include "types/captured_words.h"

namespace manta {

// One place in a value whose type cannot be serialized.
struct SerializabilityFailure {
  std::string path = {};    // from the given name on, for example "job.steps[].lock"
  std::string type = {};    // the type that cannot be serialized
  std::string parent = {};  // the type that holds it; empty at the root
  std::string why = {};     // the reason, and advice
};

// It is printed to stderr as a tree, and returned.
struct SerializabilityReport {
  bool serializable = true;
  std::vector<SerializabilityFailure> failures = {};
  std::string text = {};  // what was printed
};

namespace serialization {

SerializabilityReport inspect(const TypeNode& root, std::string_view name);
// A failure that was found by trying to serialize the value.
void add_failure(SerializabilityReport& report, std::string_view why);
void print(const SerializabilityReport& report);

// What remote() would say of a closure. `words` are those of its captures that may be addresses; null if only the type
// is known.
enum class Captures { kNone, kPlain, kOther };
struct ClosureVerdict {
  bool serializable = false;
  std::string notes = {};
};
ClosureVerdict judge_closure(Captures captures, const std::span<const std::uint64_t>* words);
SerializabilityReport inspect_closure(const TypeNode& node, std::string_view name,
                                      const ClosureVerdict& verdict);

// Of what remote() takes as a function although it is no value: `how` its state travels, if it has any.
SerializabilityReport inspect_code(const TypeNode& node, std::string_view name,
                                   std::string_view how);

template <class F>
constexpr Captures captures_of() {
  if constexpr (!std::is_trivially_copyable_v<F>) {
    return Captures::kOther;
  } else {
    return std::is_empty_v<F> ? Captures::kNone : Captures::kPlain;
  }
}

// In what follows `value` is null if only the type is known.
template <class F>
SerializabilityReport report_on_closure(const F* value, std::string_view name) {
  constexpr Captures kCaptures = captures_of<F>();
  if (value == nullptr) {
    return inspect_closure(type_node<F>, name, judge_closure(kCaptures, nullptr));
  }
  std::vector<std::uint64_t> words;
  if constexpr (kCaptures == Captures::kPlain && alignof(F) >= alignof(void*)) {
    const auto all = captured_words(*value);
    words.assign(all.begin(), all.end());
  }
  const std::span<const std::uint64_t> view(words);
  return inspect_closure(type_node<F>, name, judge_closure(kCaptures, &view));
}

// Encodes the value; an error is a failure of the report, which has none so far.
template <class T>
void try_to_encode(SerializabilityReport& report, const T& value) {
  try {
    Encoded encoded;
    encode(value, encoded);
  } catch (const std::exception& error) {
    add_failure(report, error.what());
  }
}

// For what remote() takes as a function and is no closure: runtime/api/inspect_callable.h.
template <class F>
struct CallableReport {
  static constexpr bool known = false;
};

template <class T>
SerializabilityReport report_on(const T* value, std::string_view name) {
  if constexpr (is_closure<T>) {
    return report_on_closure(value, name);
  } else if constexpr (CallableReport<T>::known) {
    return CallableReport<T>::of(value, name);
  } else {
    SerializabilityReport report = inspect(type_node<T>, name);
    if constexpr (is_serializable<T>) {
      if (value != nullptr) try_to_encode(report, *value);
    }
    return report;
  }
}

}  // namespace serialization

// Which members of a T keep it from being serialized. Compiles for every type.
template <class T>
SerializabilityReport inspect_serializability(std::string_view name = {}) {
  using Type = std::remove_cvref_t<T>;
  auto report = serialization::report_on<Type>(nullptr, name);
  serialization::print(report);
  return report;
}

// The same for a value. If its type is serializable, it is tried, which may find a serializer that is not
// registered, or an aliasing pointer. What can be called is serializable if remote() takes it: the captures of a
// closure, for example, are then trivially copyable and hold no address.
template <int = 0, class T>
SerializabilityReport inspect_serializability(const T& value, std::string_view name = {}) {
  auto report = serialization::report_on<std::remove_cvref_t<T>>(std::addressof(value), name);
  serialization::print(report);
  return report;
}

}  // namespace manta
