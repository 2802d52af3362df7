// ObjectRef<T>: a reference to a value of type T that exists, or will exist, somewhere in the session.
//
//   auto ref = manta::remote(f)(1);     ref.ready(), manta::get(ref), pass it to other tasks, store it in a value
//
// A ref is a counted handle of 8 bytes: copying it copies no data. The object lives as long as any ref to it, in any
// process, also inside other objects. A default-made ref is empty; using it throws InvalidArgument, as does using a ref
// after its session ended.
// Threads: all functions may be called from any thread; one ref object is confined, like a shared_ptr.
#pragma once
#include <array>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <type_traits>
#include <typeinfo>
#include <unordered_map>
#include <vector>

#include "../../serialization/codec/codec.h"
#include "object_entry.h"

namespace manta {

template <class T>
class Array;

namespace detail {

template <class A, class B>
inline constexpr bool alike = false;
template <class E>
inline constexpr bool alike<std::vector<E>, Array<E>> = true;
template <class E, std::size_t N>
inline constexpr bool alike<std::array<E, N>, Array<E>> = true;
template <class E, std::size_t N>
inline constexpr bool alike<std::array<E, N>, std::vector<E>> = true;
// Vectors, lists, deques: by what they have, so that no user's program need compile headers that it does not use.
template <template <class...> class A, template <class...> class B, class E>
  requires(!std::is_same_v<A<E, std::allocator<E>>, B<E, std::allocator<E>>>) &&
              (serialization::kKind<A<E, std::allocator<E>>> == serialization::Kind::kSequence) &&
              (serialization::kKind<B<E, std::allocator<E>>> == serialization::Kind::kSequence)
inline constexpr bool alike<A<E, std::allocator<E>>, B<E, std::allocator<E>>> = true;
template <class K, class V>
inline constexpr bool alike<std::map<K, V>, std::unordered_map<K, V>> = true;

}  // namespace detail

// True where a value of type U may be read as a T: both have one encoding.
template <class U, class T>
inline constexpr bool one_encoding = detail::alike<U, T> || detail::alike<T, U>;

class AnyRef;

namespace detail {

// Throws InvalidArgument, naming `what`, for an empty ref or one of an ended session.
ObjectEntry& checked(const ObjectEntryRef& entry, const char* what);
// The same, but an empty ref is fine.
void check_session(const ObjectEntryRef& entry, const char* what);
bool object_ready(const ObjectEntry& entry);  // also asks the node about objects made elsewhere
std::string why(const ObjectEntry& entry);
void on_ready(const ObjectEntryRef& entry, std::function<void()> fn);
[[noreturn]] void throw_wrong_type(const std::type_info& held, const std::type_info& wanted);

// What references of any type can do.
class BasicRef {
 public:
  // Of the object; the same through every ref to it, in any process.
  ObjectId id() const { return checked(entry_, "ref.id()").id(); }
  // True once a value or an error has arrived.
  bool ready() const { return object_ready(checked(entry_, "ref.ready()")); }
  // One line: what it waits for, where, since when.
  std::string why() const { return detail::why(checked(entry_, "ref.why()")); }
  // Calls `fn` once, on the session's callback thread, when the value or the error has arrived; never, if this
  // process's last ref goes before that, or the session ends. `fn` may call all of Manta, but must not block: others
  // wait behind it. What it throws is printed to stderr. For event loops of Asio: async_get() in <manta/asio.h>.
  void on_ready(std::function<void()> fn) const {
    checked(entry_, "ref.on_ready()");
    detail::on_ready(entry_, std::move(fn));
  }
  // Whether it is not empty.
  explicit operator bool() const { return static_cast<bool>(entry_); }

 protected:
  friend struct RefAccess;
  BasicRef() = default;
  explicit BasicRef(ObjectEntryRef entry) : entry_(std::move(entry)) {}

  ObjectEntryRef entry_;
};

// The one way from a typed reference to its record and back.
struct RefAccess {
  template <class Ref>
  static const ObjectEntryRef& entry(const Ref& ref) {
    return ref.entry_;
  }
  template <class Ref>
  static Ref make(ObjectEntryRef entry) {
    Ref ref;
    ref.entry_ = std::move(entry);
    return ref;
  }
};

struct HashRef {
  std::size_t operator()(const BasicRef& ref) const noexcept {
    return std::hash<ObjectEntryRef>()(RefAccess::entry(ref));
  }
};

}  // namespace detail

template <class T>
class ObjectRef : public detail::BasicRef {  // id(), ready(), why(), on_ready(): see there
 public:
  using value_type = T;

  ObjectRef() = default;  // empty
  // Types of one encoding stand for each other: ObjectRef<std::vector<double>> -> ObjectRef<Array<double>>.
  template <class U>
    requires one_encoding<U, T>
  ObjectRef(const ObjectRef<U>& other) : BasicRef(detail::RefAccess::entry(other)) {}
};

template <class T, class U>
bool operator==(const ObjectRef<T>& a, const ObjectRef<U>& b) {
  return detail::RefAccess::entry(a) == detail::RefAccess::entry(b);
}

// A reference whose type is forgotten: every ObjectRef<T> converts to it.
class AnyRef : public detail::BasicRef {  // id(), ready(), why(), on_ready(): see there
 public:
  AnyRef() = default;
  template <class T>
  AnyRef(const ObjectRef<T>& ref) : BasicRef(detail::RefAccess::entry(ref)), type_(&typeid(T)) {}

  bool operator==(const AnyRef& other) const { return entry_ == other.entry_; }
  // The typed reference again. InvalidArgument, naming both types, if it was made from another type.
  template <class T>
  ObjectRef<T> as() const {
    detail::checked(entry_, "AnyRef::as()");
    if (*type_ != typeid(T)) detail::throw_wrong_type(*type_, typeid(T));
    return detail::RefAccess::make<ObjectRef<T>>(entry_);
  }

 private:
  const std::type_info* type_ = nullptr;
};

// A ref inside a value travels as an entry of the value's reference table, which keeps its object alive.
template <class T>
struct serialization::Codec<ObjectRef<T>> {
  static void write(Writer& writer, const ObjectRef<T>& ref) {
    detail::check_session(detail::RefAccess::entry(ref), "an ObjectRef inside a value");
    writer.reference(RefKind::kObject, detail::RefAccess::entry(ref));
  }
  static ObjectRef<T> read(Reader& reader) {
    auto target = reader.reference(RefKind::kObject).target;
    return detail::RefAccess::make<ObjectRef<T>>(
        base::static_ref_cast<detail::ObjectEntry>(std::move(target)));
  }
  static void describe(TypeText& text) { text.append("ref"); }
};

}  // namespace manta

template <class T>
struct std::hash<manta::ObjectRef<T>> : manta::detail::HashRef {};
template <>
struct std::hash<manta::AnyRef> : manta::detail::HashRef {};
