// What programs register at run time: derived types behind pointers to their base, and serializers from
// outside. It holds for this process.
//
// Threads: any, for all functions.   Errors: SerializationError.
#pragma once
#include <cstdint>
#include <memory>
#include <string_view>
#include <typeinfo>
#include <utility>

#include "../types/type_record.h"

namespace manta::serialization {

// One derived type as seen through one base.
struct DerivedType {
  const std::type_info* base;
  const std::type_info* derived;
  const TypeRecord* record;
  void* (*to_base)(void* derived);
};

void register_derived(const DerivedType& type);
// Null if that type was not registered.
const DerivedType* find_derived(const std::type_info& base, const std::type_info& derived);
const DerivedType* find_derived(const std::type_info& base, const TypeRecord* record);
const TypeRecord* derived_by_fingerprint(const std::type_info& base, std::uint64_t fingerprint);
[[noreturn]] void not_registered(const std::type_info& base, const std::type_info& derived);

template <class Derived, class Base>
void* upcast(void* derived) {
  return static_cast<Base*>(static_cast<Derived*>(derived));
}

// The serializer of a type that has none at compile time.
template <class T>
struct DynamicCodec {
  virtual ~DynamicCodec() = default;
  virtual void write(Writer& writer, const T& value) const = 0;
  virtual T read(Reader& reader) const = 0;
};

// Where one serializer is, whatever its type. (<mutex> is left to the source: users' programs compile this header.)
class DynamicPlace {
 public:
  std::shared_ptr<const void> load() const;
  void store(std::shared_ptr<const void> codec);

 private:
  std::shared_ptr<const void> codec_;  // under the registry's lock
};

// Where the serializer of T is, if one is registered.
template <class T>
class DynamicSlot {
 public:
  static DynamicSlot& get() {
    static DynamicSlot slot;
    return slot;
  }
  std::shared_ptr<const DynamicCodec<T>> load() const {
    return std::static_pointer_cast<const DynamicCodec<T>>(place_.load());
  }
  void store(std::shared_ptr<const DynamicCodec<T>> codec) { place_.store(std::move(codec)); }

 private:
  DynamicPlace place_;
};

[[noreturn]] void no_serializer(std::string_view type);

}  // namespace manta::serialization
