// Why a value or a type cannot be serialized, as a tree for people and as data for programs.
//
// Threads: any. Errors: none; what fails is reported.
#pragma once
#include <cstdint>
#include <exception>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "encode.h"
#include "types/captured_words.h"

namespace manta {

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

template <class F>
constexpr Captures captures_of() {
  if constexpr (!std::is_trivially_copyable_v<F>) {
    return Captures::kOther;
  } else {
    return std::is_empty_v<F> ? Captures::kNone : Captures::kPlain;
  }
}

}  // namespace serialization

// Which members of a T keep it from being serialized. Compiles for every type.
template <class T>
SerializabilityReport inspect_serializability(std::string_view name = {}) {
  using Type = std::remove_cvref_t<T>;
  SerializabilityReport report;
  if constexpr (serialization::is_closure<Type>) {
    const auto verdict = serialization::judge_closure(serialization::captures_of<Type>(), nullptr);
    report = serialization::inspect_closure(serialization::type_node<Type>, name, verdict);
  } else {
    report = serialization::inspect(serialization::type_node<Type>, name);
  }
  serialization::print(report);
  return report;
}

// The same for a value. If its type is serializable, it is tried, which may find a serializer that is not
// registered, or an aliasing pointer. A closure is serializable if remote() takes it: its captures are
// trivially copyable and hold no address.
template <int = 0, class T>
SerializabilityReport inspect_serializability(const T& value, std::string_view name = {}) {
  using Type = std::remove_cvref_t<T>;
  SerializabilityReport report;
  if constexpr (serialization::is_closure<Type>) {
    constexpr serialization::Captures kCaptures = serialization::captures_of<Type>();
    std::vector<std::uint64_t> words;
    if constexpr (kCaptures == serialization::Captures::kPlain && alignof(Type) >= alignof(void*)) {
      const auto all = serialization::captured_words(value);
      words.assign(all.begin(), all.end());
    }
    const std::span<const std::uint64_t> view(words);
    report = serialization::inspect_closure(serialization::type_node<Type>, name,
                                            serialization::judge_closure(kCaptures, &view));
  } else {
    report = serialization::inspect(serialization::type_node<Type>, name);
  }
  if constexpr (serialization::serializable_v<Type>) {
    try {
      serialization::Encoded encoded;
      serialization::encode(value, encoded);
    } catch (const std::exception& error) {
      serialization::add_failure(report, error.what());
    }
  }
  serialization::print(report);
  return report;
}

}  // namespace manta
