// Why a value or a type cannot be serialized, as a tree for people and as data for programs.
#pragma once
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include <manta/serialization/encode.h>

namespace manta {

struct SerializabilityFailure {
  std::string path = {};    // from the name given, e.g. "job.steps[].lock"
  std::string type = {};    // of what fails
  std::string parent = {};  // the type that holds it; empty at the root
  std::string why = {};     // reason and advice
};

// Printed to stderr as a tree, and returned.
struct SerializabilityReport {
  bool serializable = true;
  std::vector<SerializabilityFailure> failures = {};
  std::string text = {};  // what was printed
};

namespace serialization {

SerializabilityReport inspect(const TypeNode& root, std::string_view name, std::string_view notes);
void add_failure(SerializabilityReport& report, std::string_view why);  // found by trying
void print(const SerializabilityReport& report);

std::string closure_notes(const void* captures, std::size_t size, std::size_t alignment);

}  // namespace serialization

// The members of a T that keep it from being serialized. Compiles for every type.
template <class T>
SerializabilityReport inspect_serializability(std::string_view name = {}) {
  using Type = std::remove_cvref_t<T>;
  std::string notes;
  if constexpr (serialization::is_closure<Type>) {
    notes = serialization::closure_notes(nullptr, 0, 1);
  }
  auto report = serialization::inspect(serialization::type_node<Type>, name, notes);
  serialization::print(report);
  return report;
}

// The same for a value; one whose type is serializable is tried, too (a serializer that is not
// registered, an aliasing pointer). Of a closure it says whether its captures hold an address.
template <int = 0, class T>
SerializabilityReport inspect_serializability(const T& value, std::string_view name = {}) {
  using Type = std::remove_cvref_t<T>;
  std::string notes;
  if constexpr (serialization::is_closure<Type>) {
    notes = serialization::closure_notes(&value, std::is_empty_v<Type> ? 0 : sizeof(Type),
                                         alignof(Type));
  }
  auto report = serialization::inspect(serialization::type_node<Type>, name, notes);
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
