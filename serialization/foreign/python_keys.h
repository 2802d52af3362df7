// Which keys Python holds equal: numbers of one value, whatever their type (1, 1.0, True, 1+0j, an enum that is 1),
// texts of one content, tuples of such. A set or dict keeps the first of them only, so a value that has two cannot
// become one. NaN is equal to nothing, as in Python.
//
// Threads: confined.   Errors: SerializationError that shows both keys.
#pragma once
#include <string>
#include <string_view>
#include <unordered_map>

#include "value_tree.h"

namespace manta::serialization {

// The keys of one set or map.
class PythonKeys {
 public:
  explicit PythonKeys(std::string_view container) : container_(container) {}

  // `key` must outlive the PythonKeys.
  void add(const TreeValue& key);

 private:
  void compare(const TreeValue& key);
  [[noreturn]] void refuse(const TreeValue& first, const TreeValue& second) const;

  // The first key, as long as there is no second one to compare it with.
  const TreeValue* only_ = nullptr;
  const std::string_view container_;                             // "set" or "map"
  std::unordered_map<std::string, const TreeValue*> canonical_;  // equal strings for equal keys
};

// The bytes of a kText.
std::string_view text_of(const TreeValue& value);

}  // namespace manta::serialization
