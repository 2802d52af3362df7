// The public calls that teach this process how a type is serialized. They hold for this process only: a manta::OnStart
// makes them in all.
//
// Threads: any. Errors: types that cannot be serialized are compile errors.
#pragma once
#include <memory>
#include <type_traits>
#include <typeinfo>
#include <utility>

#include "encode.h"

namespace manta {

namespace serialization {

template <class T, class To, class From>
class RegisteredCodec final : public DynamicCodec<T> {
 public:
  using State = std::remove_cvref_t<std::invoke_result_t<const To&, const T&>>;
  RegisteredCodec(To to, From from) : to_(std::move(to)), from_(std::move(from)) {}

  void write(Writer& writer, const T& value) const override {
    writer.fixed(fingerprint<State>());
    const auto& state = to_(value);
    write_settled<State>(writer, state);
  }
  T read(Reader& reader) const override {
    const auto found = reader.fixed<std::uint64_t>();
    if (found != fingerprint<State>()) {
      type_mismatch(found, type_text<State>());
    }
    return from_(read_settled<State>(reader));
  }

 private:
  To to_;
  From from_;
};

}  // namespace serialization

// From now on a T is written as to(value), an X of any serializable type, and made again by from(x). This
// replaces an earlier registration. The program must say that T relies on it:
//   template <> inline constexpr bool manta::dynamic_serializer<T> = true;
template <class T, class To, class From>
void register_serializer(To to, From from) {
  static_assert(dynamic_serializer<T>,
                "say that this type is serialized by register_serializer only: template <> inline "
                "constexpr bool manta::dynamic_serializer<T> = true;");
  using Codec = serialization::RegisteredCodec<T, To, From>;
  serialization::require_serializable<typename Codec::State>();
  if constexpr (serialization::is_serializable<typename Codec::State>) {
    static_cast<void>(&serialization::KnownTypeOf<typename Codec::State>::known);
    serialization::DynamicSlot<T>::get().store(
        std::make_shared<const Codec>(std::move(to), std::move(from)));
  }
}

// T is not serializable any more, until the next register_serializer(). No effect if none was registered.
template <class T>
void deregister_serializer() {
  serialization::DynamicSlot<T>::get().store(nullptr);
}

// From now on a shared_ptr, unique_ptr, weak_ptr or observer of Base may hold a Derived, which comes back as one.
// Repeating it changes nothing.
template <class Derived, class Base>
void register_type() {
  static_assert(
      std::is_base_of_v<Base, Derived> && std::is_polymorphic_v<Base>,
      "register_type<Derived, Base>: Base needs a virtual function (its destructor, say)");
  serialization::require_serializable<Derived>();
  if constexpr (serialization::is_serializable<Derived>) {
    static_cast<void>(&serialization::KnownTypeOf<Derived>::known);
    serialization::register_derived({&typeid(Base), &typeid(Derived),
                                     &serialization::type_record<Derived>,
                                     &serialization::upcast<Derived, Base>});
  }
}

// `value`, to be written as to(value) and made again by from(x), this one time: put(reduced(...)) gives
// an ObjectRef<T>. `from` must not capture anything.
template <class T, class To, class From>
auto reduced(const T& value, To to, From) {
  static_assert(
      std::is_empty_v<From> && std::is_default_constructible_v<From>,
      "manta::reduced: `from` must be a lambda without captures, since it runs elsewhere");
  using State = std::remove_cvref_t<std::invoke_result_t<To&, const T&>>;
  static_assert(std::is_same_v<std::remove_cvref_t<std::invoke_result_t<From, State>>, T>,
                "manta::reduced: `from` must return the type of the value");
  return serialization::Reduced<T, State, From>{to(value)};
}

}  // namespace manta
