// Codecs of the standard library's sequences: all that have elements one after the other are alike in the bytes, which
// codec/sequence.h states.
#pragma once
#include <array>
#include <cstddef>
#include <cstring>
#include <iterator>
#include <type_traits>
#include <utility>
#include <vector>

#include "../codec/codec.h"
#include "../codec/sequence.h"
#include "container_state.h"

namespace manta::serialization {

template <class C, class Allocator>
struct VectorCodec {
  using Vector = std::vector<C, Allocator>;

  static Vector read_flat(Reader& reader) {
    const auto memory = read_allocator<Allocator>(reader);
    const FlatBlock block = read_flat_block<C>(reader);
    if (block.aligned) {  // it is a buffer: one memcpy, and nothing is zeroed before
      const C* first = reinterpret_cast<const C*>(block.data);
      return Vector(first, first + block.count, memory);
    }
    if constexpr (std::is_default_constructible_v<C>) {
      Vector value(block.count, memory);
      if (block.count != 0) {
        std::memcpy(static_cast<void*>(value.data()), block.data, block.count * sizeof(C));
      }
      return value;
    } else {
      Vector value(memory);
      value.reserve(block.count);
      for (std::size_t i = 0; i < block.count; ++i) {
        value.push_back(load_flat<C>(block.data + i * sizeof(C)));
      }
      return value;
    }
  }
};

template <class T>
inline constexpr bool is_vector = false;
template <class C, class A>
inline constexpr bool is_vector<std::vector<C, A>> = !std::is_same_v<C, bool>;

template <class T>
inline constexpr bool is_forward_list = requires(T& list) { list.before_begin(); };

template <class T>
std::size_t element_count(const T& sequence) {
  if constexpr (is_forward_list<T>) {
    return static_cast<std::size_t>(std::distance(sequence.begin(), sequence.end()));
  } else {
    return sequence.size();
  }
}

// Where elements are added to an empty sequence: at its end, which a forward_list does not know by itself.
template <class T>
struct SequenceEnd {
  T& sequence;

  template <class E>
  void add(E&& element) {
    sequence.emplace_back(std::forward<E>(element));
  }
};
template <class T>
  requires is_forward_list<T>
struct SequenceEnd<T> {
  T& sequence;
  typename T::iterator last = sequence.before_begin();

  template <class E>
  void add(E&& element) {
    last = sequence.emplace_after(last, std::forward<E>(element));
  }
};

// What a list takes for an element beside its bytes.
inline constexpr std::size_t kNodeSize = 4 * sizeof(void*);

template <class T>
struct BuiltIn<T, Kind::kSequence> {
  using Element = typename T::value_type;
  using Parts = ContainerParts<T, Element>;
  static constexpr TypeNode node() { return container_node<T, Element>(); }

  static void write(Writer& writer, const T& value) {
    write_state(writer, value);
    if constexpr (is_vector<T> && is_flat<Element>) {
      write_flat_block(writer, value.data(), value.size());
    } else if constexpr (is_flat<Element>) {
      write_flat_elements<Element>(writer, value, element_count(value));
    } else {
      const Writer::Nested nested(writer);
      write_extent(writer, element_count(value));
      for (const Element& element : value) {
        Codec<Element>::write(writer, element);
      }
    }
  }

  static T read(Reader& reader) {
    if constexpr (is_vector<T> && is_flat<Element>) {
      return VectorCodec<Element, typename T::allocator_type>::read_flat(reader);
    } else if constexpr (is_flat<Element>) {
      T value = read_empty<T>(reader);
      const FlatBlock block = read_flat_block<Element>(reader);
      reader.charge(block.count * kNodeSize);
      SequenceEnd<T> end{value};
      for (std::size_t i = 0; i < block.count; ++i) {
        end.add(load_flat<Element>(block.data + i * sizeof(Element)));
      }
      return value;
    } else {
      return read_elements(reader);
    }
  }

  static void describe(TypeText& text) {
    describe_container<T>(text, [&] { describe_sequence<Element>(text); });
  }

 private:
  static T read_elements(Reader& reader) {
    const Reader::Nested nested(reader);
    T value = read_empty<T>(reader);
    const std::size_t count = read_extent(reader);
    if (count > reader.remaining()) {
      Reader::fail("a sequence is longer than its bytes");
    }
    reader.charge(count * sizeof(Element));
    if constexpr (requires { value.reserve(count); }) {
      if constexpr (std::is_move_constructible_v<Element>) {
        value.reserve(count);
      } else {
        return read_immovable(reader, count, value);
      }
    }
    SequenceEnd<T> end{value};
    for (std::size_t i = 0; i < count; ++i) {
      end.add(take<Element>(reader));
    }
    return value;
  }

  // It is a forward iterator, so that a vector finds out its size at once.
  struct ReadingIterator {
    using iterator_category = std::forward_iterator_tag;
    using value_type = Element;
    using difference_type = std::ptrdiff_t;
    using pointer = void;
    using reference = Reading<Element>;
    Reader* reader;
    std::size_t at;
    reference operator*() const { return {*reader}; }
    ReadingIterator& operator++() {
      ++at;
      return *this;
    }
    ReadingIterator operator++(int) { return {reader, at++}; }
    bool operator==(const ReadingIterator& other) const { return at == other.at; }
  };

  static T read_immovable(Reader& reader, std::size_t count, const T& empty) {
    return T(ReadingIterator{&reader, 0}, ReadingIterator{&reader, count}, empty.get_allocator());
  }
};

// Outside of structs a std::array is a sequence of known length.
template <class E, std::size_t N>
struct Codec<std::array<E, N>> {
  using Array = std::array<E, N>;
  using Parts = Types<E>;
  static constexpr TypeNode node() { return make_node<Array, Parts>(); }

  static void write(Writer& writer, const Array& value) {
    if constexpr (is_flat<E> && N != 0) {
      write_flat_block(writer, value.data(), N);
    } else {
      write_extent(writer, N);
      for (const E& element : value) {
        Codec<E>::write(writer, element);
      }
    }
  }

  static Array read(Reader& reader) {
    if constexpr (is_flat<E> && N != 0) {
      const FlatBlock block = read_flat_block<E>(reader);
      check_count(block.count);
      return load_flat<Array>(block.data);
    } else {
      check_count(read_extent(reader));
      return [&]<std::size_t... I>(std::index_sequence<I...>) {
        return Array{(static_cast<void>(I), Codec<E>::read(reader))...};
      }(std::make_index_sequence<N>{});
    }
  }

  static void describe(TypeText& text) { describe_sequence<E>(text); }

 private:
  static void check_count(std::size_t count) {
    if (count != N) {
      other_length(count, N);
    }
  }
};

template <class T>
struct BuiltIn<T, Kind::kValarray> {
  using Element = typename T::value_type;
  using Parts = Types<Element>;
  static constexpr TypeNode node() { return make_node<T, Parts>(); }

  static void write(Writer& writer, const T& value) {
    if constexpr (is_flat<Element>) {
      write_flat_block(writer, value.size() == 0 ? nullptr : &value[0], value.size());
    } else {
      const Writer::Nested nested(writer);
      write_extent(writer, value.size());
      for (std::size_t i = 0; i < value.size(); ++i) {
        Codec<Element>::write(writer, value[i]);
      }
    }
  }

  static T read(Reader& reader) {
    std::vector<Element> elements = Codec<std::vector<Element>>::read(reader);
    T value(elements.size());
    for (std::size_t i = 0; i < elements.size(); ++i) {
      value[i] = std::move(elements[i]);
    }
    return value;
  }

  static void describe(TypeText& text) { describe_sequence<Element>(text); }
};

}  // namespace manta::serialization
