// Values that come back as another type: a wrapper whose manta_restore() returns what it wraps, and
// what manta::reduced() makes. Such bytes have the wrapper's fingerprint; whoever reads a U from them
// finds here how to do so. Wrappers stand at the root of a value only.
//
// Threads: the list grows during static initialization and dlopen only, without a lock.
#pragma once
#include <atomic>
#include <cstdint>

#include "../types/type_text.h"
#include "hooks.h"

namespace manta::serialization {

// One in each image. By a name of our own, since GCC declares __dso_handle itself, in another way, where code before
// this header has a local static with a destructor.
extern __attribute__((visibility("hidden"))) void* image_mark __asm__("__dso_handle");

// A value of T that is written as a state X of it, and made again by a From that captures nothing.
template <class T, class X, class From>
struct Reduced {
  X state;
};

template <class T, class X, class From>
struct RestoredType<Reduced<T, X, From>> {
  using type = T;
};

template <class W>
using StateOf = typename Codec<W>::State;

// How a U is read from the bytes of one wrapper. All of them are a list.
template <class U>
struct FromWrapper {
  std::uint64_t (*fingerprint)();
  // Null, or the offset of the code that restores, because lambdas have no names.
  std::int64_t (*code)();
  U (*read)(Reader&);
  FromWrapper* next = nullptr;

  FromWrapper(std::uint64_t (*fingerprint_function)(), std::int64_t (*code_function)(),
              U (*read_function)(Reader&))
      : fingerprint(fingerprint_function), code(code_function), read(read_function) {
    next = head().load(std::memory_order_relaxed);  // SYNC: none: the exchange below decides
    // SYNC: release: the record is complete before find_wrapper() sees it.
    while (!head().compare_exchange_weak(next, this, std::memory_order_release)) {
    }
  }

  // SYNC: acquire, with the push in the constructor: the records are complete.
  static FromWrapper* first() { return head().load(std::memory_order_acquire); }

 private:
  static std::atomic<FromWrapper*>& head() {
    static std::atomic<FromWrapper*> list = nullptr;
    return list;
  }
};

template <class W>
struct WrapperCode {
  static constexpr std::int64_t (*code)() = nullptr;
};

template <class T, class X, class From>
struct WrapperCode<Reduced<T, X, From>> {
  static std::int64_t code() {
    const auto at = reinterpret_cast<std::intptr_t>(&Codec<Reduced<T, X, From>>::read);
    return static_cast<std::int64_t>(at - reinterpret_cast<std::intptr_t>(&image_mark));
  }
};

template <class W>
struct WrapperOf {
  static inline const FromWrapper<restored_t<W>> known{&fingerprint<W>, WrapperCode<W>::code,
                                                       &Codec<W>::read};
};

template <class T, class X, class From>
struct Codec<Reduced<T, X, From>> {
  using Self = Reduced<T, X, From>;
  using State = X;
  using Parts = Types<X>;
  static constexpr TypeNode node() {
    TypeNode node = make_node<Self, Parts>();
    node.refusal = Refusal::kRestoresOther;
    return node;
  }
  static void write(Writer& writer, const Self& value) {
    writer.fixed(WrapperCode<Self>::code());
    write_settled<X>(writer, value.state);
  }
  // Whoever chose this function has read the offset of the code already.
  static T read(Reader& reader) { return From{}(read_settled<X>(reader)); }
  static void describe(TypeText& text) {
    if (text.begin_struct(&type_node<Self>, kShortName<T>, "wrapped")) {
      Codec<X>::describe(text);
      text.end_struct();
    }
  }
};

// The function that reads a U from the bytes of a wrapper; null if they are no such bytes.
template <class U>
U (*find_wrapper(Reader& reader))
(Reader&) {
  bool by_code = false;
  for (const FromWrapper<U>* at = FromWrapper<U>::first(); at != nullptr; at = at->next) {
    if (at->fingerprint() == reader.fingerprint()) {
      if (at->code == nullptr) {
        return at->read;
      }
      by_code = true;
    }
  }
  if (!by_code) {
    return nullptr;
  }
  const auto code = reader.fixed<std::int64_t>();
  for (const FromWrapper<U>* at = FromWrapper<U>::first(); at != nullptr; at = at->next) {
    if (at->fingerprint() == reader.fingerprint() && at->code != nullptr && at->code() == code) {
      return at->read;
    }
  }
  Reader::fail("they were reduced by code that this program does not have");
}

}  // namespace manta::serialization
