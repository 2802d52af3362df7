// What programs register at run time: derived types behind pointers to their base, and serializers from
// outside. It holds for this process.
//
// Threads: any, for all functions.   Errors: SerializationError.
#pragma once
#include <cstdint>
#include <memory>
#include <mutex>
#include <string_view>
#include <typeinfo>

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

// Where the serializer of T is, if one is registered.
template <class T>
class DynamicSlot {
 public:
  static DynamicSlot& get() {
    static DynamicSlot slot;
    return slot;
  }
  std::shared_ptr<const DynamicCodec<T>> load() {
    const std::lock_guard lock(mutex_);
    return codec_;
  }
  void store(std::shared_ptr<const DynamicCodec<T>> codec) {
    const std::lock_guard lock(mutex_);
    codec_ = std::move(codec);
  }

 private:
  std::mutex mutex_;
  std::shared_ptr<const DynamicCodec<T>> codec_;
};

[[noreturn]] void no_serializer(std::string_view type);

}  // namespace manta::serialization
