// Codecs of the standard library's value types. Containers are structural: vector, list and deque
// alike, map and unordered_map alike.
//
//   string        2 n, then n characters; from 4 KiB on 2 n + 1, then the index of a buffer
//   sequences     sequence.h           sets, maps   count, then the elements
//   optional      0, or 1 and the value             variant      varint index, then the value
//   pair, tuple   the values                        array        a sequence (fixed inside a struct)
#pragma once
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <variant>
#include <vector>

#include "codec.h"
#include "container_state.h"
#include "settled.h"

namespace manta::serialization {

template <class E, class Describe>
void describe_with(TypeText& text, std::string_view open, Describe describe_parts) {
  text.append(open);
  text.append("<");
  describe_parts();
  text.append(">");
}

// ---- strings
template <class C, class Traits, class Allocator>
struct Codec<std::basic_string<C, Traits, Allocator>> {
  using String = std::basic_string<C, Traits, Allocator>;
  using Parts = ContainerParts<String, C>;
  static constexpr TypeNode node() { return container_node<String, C>(); }

  static void write(Writer& writer, const String& value) {
    write_state(writer, value);
    const std::size_t size = value.size() * sizeof(C);
    if (size >= kVectorOutOfBand) {
      writer.varint(2 * value.size() + 1);
      writer.varint(writer.add_buffer(value.data(), size, {}));
    } else {
      writer.varint(2 * value.size());
      writer.raw(value.data(), size);
    }
  }

  static String read(Reader& reader) {
    const auto memory = read_allocator<Allocator>(reader);
    const std::uint64_t first = reader.varint();
    const std::uint64_t count = first / 2;
    if (count > (std::uint64_t{1} << 60)) [[unlikely]] {
      Reader::fail("a string is longer than memory");
    }
    const std::size_t size = static_cast<std::size_t>(count) * sizeof(C);
    if ((first & 1) == 0) {
      const std::byte* bytes = reader.raw(size);
      if constexpr (sizeof(C) == 1) {
        return String(reinterpret_cast<const C*>(bytes), size, memory);
      } else {
        String value(static_cast<std::size_t>(count), C(), memory);
        std::memcpy(value.data(), bytes, size);
        return value;
      }
    }
    const std::byte* bytes = reader.buffer(reader.varint(), size).data;
    reader.charge(size);
    return String(reinterpret_cast<const C*>(bytes), static_cast<std::size_t>(count), memory);
  }

  static void describe(TypeText& text) {
    describe_container<String>(text, [&] {
      if constexpr (std::is_same_v<C, char>) {
        text.append("str8");
      } else {
        describe_with<C>(text, "str", [&] { Codec<C>::describe(text); });
      }
    });
  }
};

// ---- sequences
template <class C, class Allocator>
struct VectorCodec {
  using Vector = std::vector<C, Allocator>;

  static Vector read_flat(Reader& reader) {
    const auto memory = read_allocator<Allocator>(reader);
    const FlatBlock block = read_flat_block<C>(reader);
    if (block.aligned) {  // a buffer: one memcpy, nothing zeroed before
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

// What a list takes for an element beyond its bytes.
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
      write_flat_elements<Element>(writer, value, value.size());
    } else {
      const Writer::Nested nested(writer);
      write_extent(writer, value.size());
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
      for (std::size_t i = 0; i < block.count; ++i) {
        value.push_back(load_flat<Element>(block.data + i * sizeof(Element)));
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
    for (std::size_t i = 0; i < count; ++i) {
      value.emplace_back(take<Element>(reader));
    }
    return value;
  }

  struct ReadingIterator {  // a forward iterator, so that a vector sizes itself once
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

template <class T>
struct BuiltIn<T, Kind::kForwardList> {
  using Element = typename T::value_type;
  using Parts = ContainerParts<T, Element>;
  static constexpr TypeNode node() { return container_node<T, Element>(); }

  static void write(Writer& writer, const T& value) {
    write_state(writer, value);
    const auto count = static_cast<std::size_t>(std::distance(value.begin(), value.end()));
    if constexpr (is_flat<Element>) {
      write_flat_elements<Element>(writer, value, count);
    } else {
      const Writer::Nested nested(writer);
      write_extent(writer, count);
      for (const Element& element : value) {
        Codec<Element>::write(writer, element);
      }
    }
  }

  static T read(Reader& reader) {
    T value = read_empty<T>(reader);
    auto last = value.before_begin();
    if constexpr (is_flat<Element>) {
      const FlatBlock block = read_flat_block<Element>(reader);
      reader.charge(block.count * kNodeSize);
      for (std::size_t i = 0; i < block.count; ++i) {
        last = value.insert_after(last, load_flat<Element>(block.data + i * sizeof(Element)));
      }
    } else {
      const Reader::Nested nested(reader);
      const std::size_t count = read_extent(reader);
      if (count > reader.remaining()) {
        Reader::fail("a sequence is longer than its bytes");
      }
      reader.charge(count * sizeof(Element));
      for (std::size_t i = 0; i < count; ++i) {
        last = value.emplace_after(last, take<Element>(reader));
      }
    }
    return value;
  }

  static void describe(TypeText& text) {
    describe_container<T>(text, [&] { describe_sequence<Element>(text); });
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

// ---- sets and maps
inline void write_count(Writer& writer, std::size_t count) { writer.varint(count); }

template <class T>
concept UniqueKeys =
    requires(T& c, typename T::node_type node) { c.insert(std::move(node)).inserted; };

template <class T>
void reserve_buckets(T& container, std::size_t count) {
  if constexpr (HasBuckets<T>) {
    container.reserve(count);  // charged before
  }
}

// Keys that hold shared pointers and are not compared or hashed by address: what they point to must
// be there while the container is read.
template <class Key>
inline constexpr bool is_shared_ptr = false;
template <class P>
inline constexpr bool is_shared_ptr<std::shared_ptr<P>> = true;

template <class T>
consteval bool default_order() {
  using Key = typename T::key_type;
  if constexpr (HasBuckets<T>) {
    return std::is_same_v<typename T::hasher, std::hash<Key>> &&
           std::is_same_v<typename T::key_equal, std::equal_to<Key>>;
  } else {
    using Compare = typename T::key_compare;
    return std::is_same_v<Compare, std::less<Key>> || std::is_same_v<Compare, std::less<>> ||
           std::is_same_v<Compare, std::greater<Key>>;
  }
}

template <class T>
inline constexpr bool settles_keys = !(is_shared_ptr<typename T::key_type> && default_order<T>());

template <class T>
void write_key(Writer& writer, const typename T::key_type& key) {
  if constexpr (settles_keys<T>) {
    write_settled<typename T::key_type>(writer, key);
  } else {
    Codec<typename T::key_type>::write(writer, key);
  }
}

template <class T>
typename T::key_type read_key(Reader& reader) {
  if constexpr (settles_keys<T>) {
    return read_settled<typename T::key_type>(reader);
  } else {
    return Codec<typename T::key_type>::read(reader);
  }
}

// ":settled": what a shared_ptr key points to stands behind the key.
template <class T>
void describe_key(TypeText& text) {
  Codec<typename T::key_type>::describe(text);
  if constexpr (is_shared_ptr<typename T::key_type> && settles_keys<T>) {
    text.append(":settled");
  }
}

template <class T>
struct BuiltIn<T, Kind::kSet> {
  using Key = typename T::key_type;
  using Parts = ContainerParts<T, Key>;
  static constexpr TypeNode node() { return container_node<T, Key>(); }

  static void write(Writer& writer, const T& value) {
    const Writer::Nested nested(writer);
    write_state(writer, value);
    write_count(writer, value.size());
    for (const Key& key : value) {
      write_key<T>(writer, key);
    }
  }

  static T read(Reader& reader) {
    const Reader::Nested nested(reader);
    T value = read_empty<T>(reader);
    const std::size_t count = reader.count();
    reader.charge(count * (sizeof(Key) + 4 * sizeof(void*)));
    reserve_buckets(value, count);
    for (std::size_t i = 0; i < count; ++i) {
      value.emplace_hint(value.end(), read_key<T>(reader));
    }
    if (value.size() != count) {
      Reader::fail("a set holds an element twice");
    }
    return value;
  }

  static void describe(TypeText& text) {
    describe_container<T>(text, [&] {
      describe_with<T>(text, UniqueKeys<T> ? "set" : "multiset", [&] { describe_key<T>(text); });
    });
  }
};

template <class T>
struct BuiltIn<T, Kind::kMap> {
  using Key = typename T::key_type;
  using Mapped = typename T::mapped_type;
  using Parts = ContainerParts<T, Key, Mapped>;
  static constexpr TypeNode node() { return container_node<T, Key, Mapped>(); }

  static void write(Writer& writer, const T& value) {
    const Writer::Nested nested(writer);
    write_state(writer, value);
    write_count(writer, value.size());
    for (const auto& [key, mapped] : value) {
      write_key<T>(writer, key);
      Codec<Mapped>::write(writer, mapped);
    }
  }

  static T read(Reader& reader) {
    const Reader::Nested nested(reader);
    T value = read_empty<T>(reader);
    const std::size_t count = reader.count();
    reader.charge(count * (sizeof(Key) + sizeof(Mapped) + 4 * sizeof(void*)));
    reserve_buckets(value, count);
    for (std::size_t i = 0; i < count; ++i) {
      // Not both in one call: the order of reading arguments is not the order of writing.
      Key key = read_key<T>(reader);
      value.emplace_hint(value.end(), std::piecewise_construct,
                         std::forward_as_tuple(std::move(key)),
                         std::forward_as_tuple(take<Mapped>(reader)));
    }
    if (value.size() != count) {
      Reader::fail("a map holds a key twice");
    }
    return value;
  }

  static void describe(TypeText& text) {
    describe_container<T>(text, [&] {
      describe_with<T>(text, UniqueKeys<T> ? "map" : "multimap", [&] {
        describe_key<T>(text);
        text.append(",");
        Codec<Mapped>::describe(text);
      });
    });
  }
};

// ---- stack, queue, priority_queue: their container, which is a protected member
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

  // As it was, equal elements in their places too, if this comparator agrees with the writer's.
  template <class Compare>
  static T heap(const Compare& less, Container&& elements) {
    if constexpr (!holds_shared<Container>) {  // else what they point to may not be there yet
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

// ---- pair, tuple, optional, variant
template <class A, class B>
struct Codec<std::pair<A, B>> {
  using Pair = std::pair<A, B>;
  using First = std::remove_const_t<A>;
  using Parts = Types<First, B>;
  static constexpr TypeNode node() { return make_node<Pair, Parts>(); }

  static void write(Writer& writer, const Pair& value) {
    Codec<First>::write(writer, value.first);
    Codec<B>::write(writer, value.second);
  }
  static Pair read(Reader& reader) {
    First first = Codec<First>::read(reader);
    return Pair(std::piecewise_construct, std::forward_as_tuple(std::move(first)),
                std::forward_as_tuple(take<B>(reader)));
  }
  static void describe(TypeText& text) {
    describe_with<Pair>(text, "tup", [&] {
      Codec<First>::describe(text);
      text.append(",");
      Codec<B>::describe(text);
    });
  }
};

template <class... T>
struct Codec<std::tuple<T...>> {
  using Tuple = std::tuple<T...>;
  using Parts = Types<std::remove_const_t<T>...>;
  static constexpr TypeNode node() { return make_node<Tuple, Parts>(); }

  static void write(Writer& writer, const Tuple& value) {
    if constexpr (sizeof...(T) == 0) {
      writer.fixed<std::uint8_t>(0);
    } else {
      std::apply(
          [&](const auto&... element) {
            (Codec<std::remove_cvref_t<decltype(element)>>::write(writer, element), ...);
          },
          value);
    }
  }
  static Tuple read([[maybe_unused]] Reader& reader) {
    if constexpr (sizeof...(T) == 0) {
      reader.raw(1);
      return Tuple();
    } else if constexpr (sizeof...(T) == 1) {
      return Tuple(Codec<std::remove_const_t<T>>::read(reader)...);
    } else {
      return Tuple{Codec<std::remove_const_t<T>>::read(reader)...};  // braces: left to right
    }
  }
  static void describe(TypeText& text) {
    describe_with<Tuple>(text, "tup", [&] {
      [[maybe_unused]] bool first = true;
      ((text.append(std::exchange(first, false) ? "" : ","),
        Codec<std::remove_const_t<T>>::describe(text)),
       ...);
    });
  }
};

template <class T>
struct Codec<std::optional<T>> {
  using Optional = std::optional<T>;
  using Value = std::remove_const_t<T>;
  using Parts = Types<Value>;
  static constexpr TypeNode node() { return make_node<Optional, Parts>(); }

  static void write(Writer& writer, const Optional& value) {
    writer.fixed<std::uint8_t>(value.has_value() ? 1 : 0);
    if (value.has_value()) {
      Codec<Value>::write(writer, *value);
    }
  }
  static Optional read(Reader& reader) {
    if (!reader.boolean()) {
      return Optional();
    }
    return Optional(std::in_place, take<Value>(reader));
  }
  static void describe(TypeText& text) {
    describe_with<Optional>(text, "opt", [&] { Codec<Value>::describe(text); });
  }
};

[[noreturn]] void valueless_variant();

template <class... T>
struct Codec<std::variant<T...>> {
  using Variant = std::variant<T...>;
  using Parts = Types<T...>;
  static constexpr TypeNode node() { return make_node<Variant, Parts>(); }

  static void write(Writer& writer, const Variant& value) {
    if (value.valueless_by_exception()) {
      valueless_variant();
    }
    writer.varint(value.index());
    std::visit(
        [&](const auto& alternative) {
          Codec<std::remove_cvref_t<decltype(alternative)>>::write(writer, alternative);
        },
        value);
  }
  static Variant read(Reader& reader) {
    const std::uint64_t index = reader.varint();
    if (index >= sizeof...(T)) {
      Reader::fail("a variant has no alternative of that index");
    }
    return kReaders[static_cast<std::size_t>(index)](reader);
  }
  static void describe(TypeText& text) {
    describe_with<Variant>(text, "one", [&] {
      bool first = true;
      ((text.append(std::exchange(first, false) ? "" : "|"), Codec<T>::describe(text)), ...);
    });
  }

 private:
  template <std::size_t I>
  static Variant read_alternative(Reader& reader) {
    using Alternative = std::variant_alternative_t<I, Variant>;
    return Variant(std::in_place_index<I>, take<Alternative>(reader));
  }
  template <std::size_t... I>
  static constexpr auto make_readers(std::index_sequence<I...>) {
    return std::array<Variant (*)(Reader&), sizeof...(I)>{&read_alternative<I>...};
  }
  static constexpr auto kReaders = make_readers(std::index_sequence_for<T...>{});
};

// ---- the rest
template <class T>
struct BuiltIn<T, Kind::kBitset> {
  static constexpr TypeNode node() { return {.name = kTypeName<T>}; }
  static constexpr std::size_t kBits = T().size();
  static constexpr std::size_t kBytes = kBits / 8 + 1;

  static void write(Writer& writer, const T& value) {
    std::byte* to = writer.reserve(kBytes);
    std::memset(to, 0, kBytes);
    for (std::size_t i = 0; i < kBits; ++i) {
      to[i / 8] |= static_cast<std::byte>((value[i] ? 1u : 0u) << (i % 8));
    }
  }
  static T read(Reader& reader) {
    const std::byte* from = reader.raw(kBytes);
    T value;
    for (std::size_t i = 0; i < kBits; ++i) {
      value[i] = (static_cast<unsigned>(from[i / 8]) >> (i % 8) & 1u) != 0;
    }
    return value;
  }
  static void describe(TypeText& text) {
    text.append("bits");
    text.append_number(kBits);
  }
};

template <class T>
struct BuiltIn<T, Kind::kComplex> {
  using Part = typename T::value_type;
  using Parts = Types<Part>;
  static constexpr TypeNode node() { return make_node<T, Parts>(); }
  static void write(Writer& writer, const T& value) {
    Codec<Part>::write(writer, value.real());
    Codec<Part>::write(writer, value.imag());
  }
  static T read(Reader& reader) {
    const Part real = Codec<Part>::read(reader);
    return T(real, Codec<Part>::read(reader));
  }
  static void describe(TypeText& text) {
    describe_with<T>(text, "complex", [&] { Codec<Part>::describe(text); });
  }
};

template <class T>
struct BuiltIn<T, Kind::kDuration> {
  using Rep = typename T::rep;
  using Parts = Types<Rep>;
  static constexpr TypeNode node() { return make_node<T, Parts>(); }
  static void write(Writer& writer, const T& value) { Codec<Rep>::write(writer, value.count()); }
  static T read(Reader& reader) { return T(Codec<Rep>::read(reader)); }
  static void describe(TypeText& text) {
    describe_with<T>(text, "duration", [&] {
      Codec<Rep>::describe(text);
      text.append(",");
      text.append_number(static_cast<std::uint64_t>(T::period::num));
      text.append("/");
      text.append_number(static_cast<std::uint64_t>(T::period::den));
    });
  }
};

template <class T>
struct BuiltIn<T, Kind::kTimePoint> {
  using Duration = typename T::duration;
  static constexpr std::string_view kClock = kShortName<typename T::clock>;
  using Parts = Types<Duration>;
  static constexpr TypeNode node() {
    TypeNode node = make_node<T, Parts>();
    node.refusal = kClock == "steady_clock" ? Refusal::kSteadyClock : Refusal::kNone;
    return node;
  }
  static void write(Writer& writer, const T& value) {
    Codec<Duration>::write(writer, value.time_since_epoch());
  }
  static T read(Reader& reader) { return T(Codec<Duration>::read(reader)); }
  static void describe(TypeText& text) {
    text.append(kClock);
    describe_with<T>(text, "", [&] { Codec<Duration>::describe(text); });
  }
};

template <class T>
struct BuiltIn<T, Kind::kPath> {
  using String = typename T::string_type;
  static constexpr TypeNode node() { return {.name = kTypeName<T>}; }
  static void write(Writer& writer, const T& value) {
    Codec<String>::write(writer, value.native());
  }
  static T read(Reader& reader) { return T(Codec<String>::read(reader)); }
  static void describe(TypeText& text) { Codec<String>::describe(text); }
};

// 1 and the value, or 0 and the error.
template <class T>
struct BuiltIn<T, Kind::kExpected> {
  using Value = typename T::value_type;
  using Error = typename T::error_type;
  static constexpr bool kHolds = !std::is_void_v<Value>;
  using Parts = std::conditional_t<kHolds, Types<Value, Error>, Types<Error>>;
  static constexpr TypeNode node() { return make_node<T, Parts>(); }

  static void write(Writer& writer, const T& value) {
    writer.fixed<std::uint8_t>(value.has_value() ? 1 : 0);
    if (!value.has_value()) {
      Codec<Error>::write(writer, value.error());
    } else if constexpr (kHolds) {
      Codec<Value>::write(writer, *value);
    }
  }
  static T read(Reader& reader) {
    if (!reader.boolean()) {
      return T(typename T::unexpected_type(Codec<Error>::read(reader)));
    }
    if constexpr (kHolds) {
      return T(Codec<Value>::read(reader));
    } else {
      return T();
    }
  }
  static void describe(TypeText& text) {
    describe_with<T>(text, "expected", [&] {
      if constexpr (kHolds) {
        Codec<Value>::describe(text);
      } else {
        text.append("void");
      }
      text.append("|");
      Codec<Error>::describe(text);
    });
  }
};

}  // namespace manta::serialization
