// type_record<T>: the TypeRecord of T.
//
// Threads: constants.
#pragma once
#include <cstddef>
#include <cstring>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>

#include "../stream/reader.h"
#include "../stream/writer.h"
#include "../types/type_graph.h"
#include "../types/type_record.h"
#include "../types/type_text.h"

namespace manta::serialization {

// The object comes first, so that a shared_ptr to it points to the whole of what is owned (see check_owner()).
template <class T>
struct CellMemory {
  alignas(T) std::byte object[sizeof(T)];
  bool built = false;

  CellMemory() {}
  CellMemory(const CellMemory&) = delete;
  ~CellMemory() {
    if (built) {
      std::destroy_at(reinterpret_cast<T*>(object));
    }
  }
};

template <class T>
std::true_type shares_from_this(const std::enable_shared_from_this<T>*);
std::false_type shares_from_this(...);

template <class T>
struct SharedFromThisBase;  // T's enable_shared_from_this base
template <class T>
std::enable_shared_from_this<T>* shared_base(std::enable_shared_from_this<T>* base) {
  return base;
}

template <class T>
Cell make_cell() {
  if constexpr (decltype(shares_from_this(static_cast<T*>(nullptr)))::value) {
    // The owner must be made from a T*, so that shared_from_this() finds it: it notes itself
    // in the base, which is zeros so far (an empty weak_ptr), and build_object() keeps that note.
    auto* memory = new CellMemory<T>;
    auto* object = reinterpret_cast<T*>(memory->object);
    auto* base = shared_base(object);
    std::memset(static_cast<void*>(base), 0, sizeof *base);
    std::shared_ptr<T> owner(object, [memory](T*) { delete memory; });
    return {std::move(owner), object, &memory->built};
  } else {
    auto memory = std::make_shared<CellMemory<T>>();
    return {memory, memory->object, &memory->built};
  }
}

template <class T>
void build_object(Reader& reader, void* place) {
  if constexpr (decltype(shares_from_this(static_cast<T*>(nullptr)))::value) {
    auto* base = shared_base(static_cast<T*>(place));
    std::byte note[sizeof *base];
    std::memcpy(note, static_cast<const void*>(base), sizeof *base);
    ::new (place) T(Codec<T>::read(reader));
    std::memcpy(static_cast<void*>(base), note, sizeof *base);
  } else {
    ::new (place) T(Codec<T>::read(reader));
  }
}

template <class T>
void* allocate_object() {
  if constexpr (requires { T::operator new(sizeof(T)); }) {
    return T::operator new(sizeof(T));
  } else if constexpr (alignof(T) > __STDCPP_DEFAULT_NEW_ALIGNMENT__) {
    return ::operator new(sizeof(T), std::align_val_t{alignof(T)});
  } else {
    return ::operator new(sizeof(T));
  }
}

template <class T>
void deallocate_object(void* memory) {
  if constexpr (requires { T::operator new(sizeof(T)); }) {
    T::operator delete(memory);
  } else if constexpr (alignof(T) > __STDCPP_DEFAULT_NEW_ALIGNMENT__) {
    ::operator delete(memory, std::align_val_t{alignof(T)});
  } else {
    ::operator delete(memory);
  }
}

template <class T>
constexpr TypeRecord make_type_record() {
  TypeRecord record{};
  record.name = kTypeName<T>.data();
  record.size = sizeof(T);
  if constexpr (!std::is_abstract_v<T> && node_of<T>().refusal == Refusal::kNone) {
    record.fingerprint = &fingerprint<T>;
    record.write = [](Writer& writer, const void* object) {
      Codec<T>::write(writer, *static_cast<const T*>(object));
    };
    record.build = &build_object<T>;
    record.destroy = [](void* object) { std::destroy_at(static_cast<T*>(object)); };
    record.make_cell = &make_cell<T>;
    record.allocate = &allocate_object<T>;
    record.deallocate = &deallocate_object<T>;
  }
  return record;
}

template <class T>
inline constexpr TypeRecord type_record = make_type_record<T>();

}  // namespace manta::serialization
