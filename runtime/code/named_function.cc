#include "named_function.h"

#include <algorithm>
#include <mutex>
#include <vector>

#include "../../base/error.h"
#include "../launch/entry.h"

namespace manta::detail {
namespace {

struct Registry {
  std::mutex mutex;
  std::vector<NamedFunction> functions;
};

Registry& registry() {
  static Registry* all = new Registry;  // outlives static destructors
  return *all;
}

std::string names_of(const std::vector<NamedFunction>& functions) {
  std::vector<std::string_view> names;
  for (const auto& function : functions) names.push_back(function.name);
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  std::string text;
  for (const auto name : names) {
    text.append(text.empty() ? "\"" : ", \"").append(name).append("\"");
  }
  return text.empty() ? "none" : text;
}

// "Named<"add", main()::<lambda(int)>> (i32)->i32"
std::string text_of(const NamedFunction& function) {
  return std::string(function.callable) + " " + function.signature();
}

[[noreturn]] void fail(const CalledByName& called, const std::string& why) {
  throw SerializationError("manta::remote_named(\"" + called.name + "\"): " + why);
}

}  // namespace

NamedRegistration::NamedRegistration(const NamedFunction& function) {
  auto& all = registry();
  const std::lock_guard lock(all.mutex);
  all.functions.push_back(function);
}

void check_called(const CalledByName& called) {
  if (called.name.empty()) {
    throw InvalidArgument(
        "manta::remote_named() needs the name of a function, it got an empty one");
  }
  if (called.name.size() > kMostNameBytes) {
    throw InvalidArgument("manta::remote_named(): the name has " +
                          std::to_string(called.name.size()) + " bytes; at most 1024 are allowed");
  }
}

Stub resolve_named(const CalledByName& called) {
  auto& all = registry();
  const std::lock_guard lock(all.mutex);
  const NamedFunction* found = nullptr;
  for (const auto& function : all.functions) {
    if (function.name != called.name || (found != nullptr && function.stub == found->stub)) {
      continue;
    }
    if (found != nullptr) {
      fail(called, std::string(program_name()) + " has two functions of that name, " +
                       text_of(*found) + " and " + text_of(function) +
                       ": give one of them another");
    }
    found = &function;
  }
  if (found == nullptr) {
    throw NotFound(
        "no function is named \"" + called.name + "\" in " + program_name() +
        ", which the workers run; named there: " + names_of(all.functions) +
        ". A function is named by manta::named<\"name\">(f), without captures; workers of "
        "another program are asked for with InitOptions::worker.path");
  }
  if (const std::string signature = found->signature(); signature != called.signature) {
    fail(called, "it was called with the signature " + called.signature + ", but in " +
                     program_name() + " it is " + signature);
  }
  return found->stub;
}

}  // namespace manta::detail
