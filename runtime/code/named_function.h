// The functions of this program that other programs can call by name. Static initialization fills the list, with one
// entry for each manta::named<"name">(f) in the program (api/named.h).
//
// Errors: see each function. Threads: any.
#pragma once
#include <cstddef>
#include <string>
#include <string_view>

#include "code_id.h"

namespace manta::detail {

inline constexpr std::size_t kMostNameBytes = 1024;  // of a function's name

struct NamedFunction {
  std::string_view name;
  std::string_view callable;   // its type, for messages: it says where a lambda stands
  std::string (*signature)();  // "(i32,seq<f64>)->f64"
  Stub stub;                   // its argument 0 is a CalledByName
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

// Throws InvalidArgument if no function can have that name.
void check_called(const CalledByName& called);

// Throws NotFound, which lists the names that this program has; SerializationError if the function has another
// signature, or if two functions have that name.
Stub resolve_named(const CalledByName& called);

}  // namespace manta::detail
