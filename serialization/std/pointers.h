// Codecs of smart pointers; codec/pointer.h states the bytes and the rules of identity.
//
// Threads: confined.   Errors: SerializationError.
#pragma once
#include <memory>
#include <type_traits>
#include <typeinfo>

#include "../codec/codec.h"
#include "../codec/make_type_record.h"
#include "../codec/pointer.h"
#include "../codec/registry.h"
#include "../codec/settled.h"
#include "../types/observer.h"

namespace manta::serialization {

// A pointee that is polymorphic need not be serializable itself, because registered derived types are.
template <class T>
constexpr Refusal pointee_refusal() {
  if constexpr (std::is_array_v<T>) {
    return Refusal::kArrayPointer;
  } else if constexpr (std::is_void_v<T>) {
    return Refusal::kVoidPointer;
  } else if constexpr (is_declared_only<T>) {
    return Refusal::kIncomplete;
  } else if constexpr (std::is_function_v<T>) {
    return Refusal::kPointer;
  } else {
    return Refusal::kNone;
  }
}

// Decided by the kind of T, because its node may be in the making.
template <class T>
inline constexpr bool stands_alone = !std::is_abstract_v<T> && kKind<T> != Kind::kRefused;

template <class P, class T>
constexpr TypeNode pointer_node() {
  TypeNode node{.name = kTypeName<P>, .refusal = pointee_refusal<T>()};
  if constexpr (pointee_refusal<T>() == Refusal::kNone) {
    if constexpr (std::is_polymorphic_v<T>) {
      node.is_observer = true;
      if constexpr (stands_alone<T>) {
        PartNodes<P, Types<T>>::add_to(node);
      }
    } else {
      PartNodes<P, Types<T>>::add_to(node);
    }
  }
  return node;
}

template <class T>
void describe_pointee(TypeText& text, std::string_view kind) {
  text.append(kind);
  text.append("<");
  if constexpr (std::is_polymorphic_v<T>) {
    text.append("any ");
  }
  if constexpr (std::is_polymorphic_v<T> && !stands_alone<T>) {
    text.append(kShortName<T>);
  } else {
    Codec<T>::describe(text);
  }
  text.append(">");
}

template <class T>
Met meet(const T& object) {
  if constexpr (std::is_polymorphic_v<T>) {
    const void* whole = dynamic_cast<const void*>(&object);
    if (typeid(object) != typeid(T)) {
      const DerivedType* derived = find_derived(typeid(T), typeid(object));
      if (derived == nullptr) {
        not_registered(typeid(T), typeid(object));
      }
      return {whole, derived->record, true, true};
    }
    if (type_record<T>.write == nullptr) {
      not_registered(typeid(T), typeid(T));
    }
    return {whole, &type_record<T>, true, false};
  } else {
    return {std::addressof(object), &type_record<T>, false, false};
  }
}

template <class T>
constexpr FindDerived finder() {
  if constexpr (std::is_polymorphic_v<T>) {
    return [](std::uint64_t fingerprint) { return derived_by_fingerprint(typeid(T), fingerprint); };
  } else {
    return nullptr;
  }
}

template <class T>
T* as_pointer_to(const Pointee& pointee) {
  if constexpr (std::is_polymorphic_v<T>) {
    if (pointee.record != &type_record<T>) {
      const DerivedType* derived = find_derived(typeid(T), pointee.record);
      if (derived == nullptr) {
        Reader::fail("a pointer leads to an object of another type");
      }
      return static_cast<T*>(derived->to_base(pointee.object));
    }
  }
  return static_cast<T*>(pointee.object);
}

// What shared and weak pointers have in common.
template <class Pointer, auto ReadPointee>
struct SharedPointerCodec {
  using T = std::remove_cv_t<typename Pointer::element_type>;
  using Parts = Types<T>;
  static constexpr TypeNode node() {
    TypeNode node = pointer_node<Pointer, T>();
    node.is_shared = true;
    return node;
  }
  static Pointer read(Reader& reader) {
    const Pointee pointee =
        (ReadObjects::of(reader).*ReadPointee)(reader, type_record<T>, finder<T>());
    if (pointee.object == nullptr) {
      return {};
    }
    return std::shared_ptr<typename Pointer::element_type>(*pointee.owner,
                                                           as_pointer_to<T>(pointee));
  }
};

template <class P>
struct Codec<std::shared_ptr<P>> : SharedPointerCodec<std::shared_ptr<P>, &ReadObjects::shared> {
  using T = std::remove_cv_t<P>;
  static void write(Writer& writer, const std::shared_ptr<P>& value) {
    if (value == nullptr) {
      writer.varint(0);
    } else {
      const T& object = const_cast<const T&>(*value);
      WrittenObjects::of(writer).shared(writer, meet(object), value);
    }
  }
  static void describe(TypeText& text) { describe_pointee<T>(text, "ptr"); }
};

template <class P>
struct Codec<std::weak_ptr<P>> : SharedPointerCodec<std::weak_ptr<P>, &ReadObjects::weak> {
  using T = std::remove_cv_t<P>;
  static void write(Writer& writer, const std::weak_ptr<P>& value) {
    const std::shared_ptr<P> shared = value.lock();
    if (shared == nullptr) {
      writer.varint(0);
    } else {
      const T& object = const_cast<const T&>(*shared);
      WrittenObjects::of(writer).weak(writer, meet(object), shared);
    }
  }
  static void describe(TypeText& text) { describe_pointee<T>(text, "weak"); }
};

template <class P>
struct Codec<observer<P>> {
  using T = std::remove_cv_t<P>;
  using Parts = Types<T>;
  static constexpr TypeNode node() {
    TypeNode node = pointer_node<observer<P>, T>();
    node.is_observer = true;
    return node;
  }
  static void write(Writer& writer, const observer<P>& value) {
    if (!value) {
      writer.varint(0);
    } else {
      WrittenObjects::of(writer).observed(writer, meet(const_cast<const T&>(*value)));
    }
  }
  static observer<P> read(Reader& reader) {
    const Pointee pointee = ReadObjects::of(reader).observed(reader, type_record<T>, finder<T>());
    return pointee.object == nullptr ? nullptr : as_pointer_to<T>(pointee);
  }
  static void describe(TypeText& text) { describe_pointee<T>(text, "observer"); }
};

// A byte: 0 for null; 1 for a T; 2 for a registered type, whose fingerprint follows; 3 for a tracked object, to which
// observers may point, and whose mention follows. Then the object.
template <class P, class Deleter>
struct Codec<std::unique_ptr<P, Deleter>> {
  using T = std::remove_cv_t<P>;
  using Parts = Types<T>;
  using Pointer = std::unique_ptr<P, Deleter>;
  static constexpr TypeNode node() {
    TypeNode node = pointer_node<Pointer, T>();
    if constexpr (!std::is_same_v<Deleter, std::default_delete<P>>) {
      node.refusal = Refusal::kDeleter;
    }
    return node;
  }

  static void write(Writer& writer, const Pointer& value) {
    if (value == nullptr) {
      writer.fixed<std::uint8_t>(0);
      return;
    }
    const Writer::Nested nested(writer);
    const Met met = meet(const_cast<const T&>(*value));
    if (writer.tracks_unique()) {
      writer.fixed<std::uint8_t>(3);
      const std::uint32_t number = WrittenObjects::of(writer).unique(writer, met);
      met.record->write(writer, met.object);
      WrittenObjects::of(writer).unique_done(number);
      return;
    } else {
      writer.fixed<std::uint8_t>(met.derived ? 2 : 1);
      if (met.derived) {
        writer.fixed(met.record->fingerprint());
      }
    }
    met.record->write(writer, met.object);
  }

  static Pointer read(Reader& reader) {
    const auto kind = reader.fixed<std::uint8_t>();
    if (kind == 0) {
      return nullptr;
    }
    const Reader::Nested nested(reader);
    if (kind == 3) {
      return read_tracked(reader);
    }
    const TypeRecord* record = &type_record<T>;
    if (kind == 2 && std::is_polymorphic_v<T>) {
      record = finder<T>()(reader.fixed<std::uint64_t>());
    } else if (kind != 1) {
      Reader::fail("a unique pointer is of no known kind");
    }
    if (record->build == nullptr) {
      Reader::fail("a pointer to an abstract object has no type");
    }
    reader.charge(record->size);
    Memory memory{*record, record->allocate()};
    record->build(reader, memory.place);
    T* object = as_pointer_to<T>({memory.place, record, nullptr, 0});
    memory.place = nullptr;
    return Pointer(object);
  }

  static void describe(TypeText& text) { describe_pointee<T>(text, "own"); }

 private:
  struct Memory {
    const TypeRecord& record;
    void* place;
    ~Memory() {
      if (place != nullptr) {
        record.deallocate(place);
      }
    }
  };

  static Pointer read_tracked(Reader& reader) {
    ReadObjects& objects = ReadObjects::of(reader);
    const Pointee pointee = objects.unique(reader, type_record<T>, finder<T>());
    T* object = as_pointer_to<T>(pointee);
    pointee.record->build(reader, pointee.object);
    objects.built_unique(pointee.number);
    return Pointer(object);
  }
};

}  // namespace manta::serialization
