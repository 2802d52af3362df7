#include "registry.h"

#include <cstdlib>
#include <cxxabi.h>
#include <deque>
#include <mutex>
#include <shared_mutex>
#include <string>

#include "../../base/error.h"
#include "../types/type_text.h"

namespace manta::serialization {
namespace {

struct Registry {
  std::shared_mutex mutex;
  // They are few, so the search is linear; their addresses are stable.
  std::deque<DerivedType> types;
};

Registry& registry() {
  static Registry instance;
  return instance;
}

template <class Match>
const DerivedType* find(const Match& match) {
  Registry& all = registry();
  const std::shared_lock lock(all.mutex);
  for (const DerivedType& type : all.types) {
    if (match(type)) {
      return &type;
    }
  }
  return nullptr;
}

std::string readable(const std::type_info& type) {
  int status = 0;
  char* name = abi::__cxa_demangle(type.name(), nullptr, nullptr, &status);
  std::string text = status == 0 ? name : type.name();
  std::free(name);
  return text;
}

}  // namespace

void register_derived(const DerivedType& type) {
  if (find_derived(*type.base, *type.derived) == nullptr) {
    Registry& all = registry();
    const std::unique_lock lock(all.mutex);
    all.types.push_back(type);
  }
}

std::shared_ptr<const void> DynamicPlace::load() const {
  const std::shared_lock lock(registry().mutex);
  return codec_;
}

// What it held before is destroyed outside the lock: it is the user's.
void DynamicPlace::store(std::shared_ptr<const void> codec) {
  const std::unique_lock lock(registry().mutex);
  codec_.swap(codec);
}

const DerivedType* find_derived(const std::type_info& base, const std::type_info& derived) {
  return find(
      [&](const DerivedType& type) { return *type.base == base && *type.derived == derived; });
}

const DerivedType* find_derived(const std::type_info& base, const TypeRecord* record) {
  return find([&](const DerivedType& type) { return *type.base == base && type.record == record; });
}

const TypeRecord* derived_by_fingerprint(const std::type_info& base, std::uint64_t fingerprint) {
  const DerivedType* type = find([&](const DerivedType& candidate) {
    return *candidate.base == base && candidate.record->fingerprint() == fingerprint;
  });
  if (type == nullptr) {
    throw SerializationError("an object of the type " + describe_fingerprint(fingerprint) +
                             " is not known as a " + readable(base) +
                             " in this process: call manta::register_type<Derived, " +
                             readable(base) + ">() in a manta::OnStart");
  }
  return type->record;
}

void not_registered(const std::type_info& base, const std::type_info& derived) {
  throw SerializationError("a pointer to " + readable(base) + " holds a " + readable(derived) +
                           ", which is not registered: call manta::register_type<" +
                           readable(derived) + ", " + readable(base) + ">() in a manta::OnStart");
}

void no_serializer(std::string_view type) {
  throw SerializationError("no serializer is registered in this process for " + std::string(type) +
                           ": call manta::register_serializer<" + std::string(type) +
                           ">(to, from), in a manta::OnStart for all processes");
}

}  // namespace manta::serialization
