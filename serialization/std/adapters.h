// Codecs of std::stack, queue and priority_queue: those of their container, which is a protected member.
#pragma once
#include <cstddef>
#include <utility>

#include "../codec/codec.h"
#include "container_state.h"

namespace manta::serialization {

template <class T>
struct BuiltIn<T, Kind::kAdapter> {
  using Container = typename T::container_type;
  using Parts = ContainerParts<T, Container>;
  static constexpr TypeNode node() { return container_node<T, Container>(); }

  static void write(Writer& writer, const T& value) {
    if constexpr (IsHeap<T>) {
      write_function_object<typename T::value_compare>(writer, Open::comparator(value));
    }
    Codec<Container>::write(writer, Open::container(value));
  }
  static T read(Reader& reader) {
    if constexpr (IsHeap<T>) {
      const auto less = read_function_object<typename T::value_compare>(reader);
      return heap(less, Codec<Container>::read(reader));
    } else {
      return T(Codec<Container>::read(reader));
    }
  }
  static void describe(TypeText& text) {
    describe_container<T>(text, [&] { Codec<Container>::describe(text); });
  }

 private:
  struct Open : T {
    static const Container& container(const T& adapter) { return adapter.*(&Open::c); }
    static Container& container(T& adapter) { return adapter.*(&Open::c); }
    static const auto& comparator(const T& adapter) { return adapter.*(&Open::comp); }
  };

  // If this comparator agrees with the writer's, the heap is as it was, and equal elements are in their places.
  template <class Compare>
  static T heap(const Compare& less, Container&& elements) {
    // Else what the elements point to may not have been read yet.
    if constexpr (!holds_shared<Container>) {
      for (std::size_t i = 1; i < elements.size(); ++i) {
        if (less(elements[(i - 1) / 2], elements[i])) {
          return T(less, std::move(elements));
        }
      }
    }
    T value(less);
    Open::container(value) = std::move(elements);
    return value;
  }
};

}  // namespace manta::serialization
