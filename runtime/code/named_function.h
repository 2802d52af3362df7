// The functions of this program that others can call by name: filled by static initialization, one entry for each
// manta::named<"name">(f) in the program (named.h).
//
// Threads: any.
#pragma once
#include <cstddef>
#include <string>
#include <string_view>

#include "code_id.h"

namespace manta::detail {

inline constexpr std::size_t kMostNameBytes = 1024;

struct NamedFunction {
  std::string_view name;
  std::string_view callable;  // its type, for messages: says where a lambda stands
  std::string (*signature)();
  Stub stub;  // its argument 0 is a CalledByName
};

class NamedRegistration {
 public:
  explicit NamedRegistration(const NamedFunction& function);
};

// What argument 0 of a call by name holds.
struct CalledByName {
  std::string name;
  std::string signature;
};

// Throws InvalidArgument for a name that no function can have.
void check_called(const CalledByName& called);

// NotFound, with the names there are; SerializationError: another signature, or two functions of that name.
Stub resolve_named(const CalledByName& called);

}  // namespace manta::detail
