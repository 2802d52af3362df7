// Results without exceptions: try_get and get_each give an Outcome for each ref, which is a value or an error.
//
//   for (const auto& outcome : manta::get_each(refs)) {
//     if (outcome) use(outcome.value()); else log(outcome.error());
//   }
//
// Errors:  InvalidArgument for an empty ref, a ref of an ended session, or without a session; GetTimeout.
// Threads: any; one Outcome is confined, like the value in it.
#pragma once
#include <chrono>
#include <cstddef>
#include <exception>
#include <optional>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "get.h"

namespace manta {

namespace detail {
struct OutcomeAccess;

// An encoded ErrorRecord: of an entry that has failed, whose error counts as looked at from now on; and of the
// exception that is being handled, which reading a value has thrown.
std::vector<std::byte> error_of(const ObjectEntry& entry);
std::vector<std::byte> error_of_current_exception();
std::exception_ptr exception_of(const std::vector<std::byte>& error);
}  // namespace detail

// A value, or the error that get() would throw. It is serializable if T is: a task may return it or take it, a vector
// may hold it, put() stores it. The value() of an Outcome<void> returns nothing.
template <class T>
class Outcome {
  using Held = detail::OrMonostate<T>;
  static_assert(std::is_move_constructible_v<Held>,
                "manta::Outcome<T>: T can neither be moved nor copied, so that it cannot be handed "
                "out in an Outcome; get() builds such a value in place: catch what it throws");

 public:
  // Whether it is a value: then value() throws nothing and error() is null. The operator says the same.
  bool has_value() const { return value_.has_value(); }
  explicit operator bool() const { return has_value(); }

  // The value. Throws the error if there is none, as get() would.
  auto value() const& -> std::conditional_t<std::is_void_v<T>, void, const Held&> {
    check();
    if constexpr (!std::is_void_v<T>) return *value_;
  }
  T value() && {
    check();
    if constexpr (!std::is_void_v<T>) return std::move(*value_);
  }

  // Null if there is a value.
  std::exception_ptr error() const { return has_value() ? nullptr : detail::exception_of(error_); }

 private:
  friend struct detail::OutcomeAccess;
  Outcome(std::optional<Held> value, std::vector<std::byte> error)
      : value_(std::move(value)), error_(std::move(error)) {}

  void check() const {
    if (!has_value()) std::rethrow_exception(error());
  }

  std::optional<Held> value_;
  std::vector<std::byte> error_;  // encoded; empty if there is a value
};

namespace detail {

struct OutcomeAccess {
  template <class T>
  static Outcome<T> make(std::optional<OrMonostate<T>> value, std::vector<std::byte> error) {
    return Outcome<T>(std::move(value), std::move(error));
  }
  template <class T>
  static const auto& value(const Outcome<T>& outcome) {
    return outcome.value_;
  }
  template <class T>
  static const auto& error(const Outcome<T>& outcome) {
    return outcome.error_;
  }
};

// Of an object that is done. With a deadline: GetTimeout, if its bytes are on disk, and are not read back by then.
template <class T>
Outcome<T> outcome_of(const ObjectEntry& entry, const Deadline& deadline = {}) {
  if (entry.state() == ObjectState::kFailed) return OutcomeAccess::make<T>({}, error_of(entry));
  try {
    return OutcomeAccess::make<T>(decode_or_monostate<T>(entry, deadline), {});
  } catch (const GetTimeout&) {
    if (deadline) throw;
    return OutcomeAccess::make<T>({}, error_of_current_exception());
  } catch (...) {
    if (entry.state() == ObjectState::kFailed) {  // freed just now
      return OutcomeAccess::make<T>({}, error_of(entry));
    }
    return OutcomeAccess::make<T>({}, error_of_current_exception());
  }
}

}  // namespace detail

// The outcome, if the object is ready now; else nothing. It never waits, and never throws the error of the object. Of
// one that lies on disk the bytes are read back, for a second at most; nothing, if they are not there by then. To ask
// again and again comes to an end, also for an object that another process makes. But a task that does so keeps the
// CPU, which the awaited task may need; get() and wait() lend it. Errors: InvalidArgument.
template <class T>
std::optional<Outcome<T>> try_get(const ObjectRef<T>& ref) {
  auto& entry = detail::checked(detail::RefAccess::entry(ref), "manta::try_get()");
  if (!detail::object_ready(entry)) return std::nullopt;
  try {
    const detail::Deadline now = std::chrono::steady_clock::now();
    return detail::outcome_of<T>(entry, detail::with_time_to_read(now));
  } catch (const GetTimeout&) {
    return std::nullopt;
  }
}

// Waits for all, and gives their outcomes in the order of the refs. Errors: GetTimeout if one of them is not ready in
// time.
template <class T>
std::vector<Outcome<T>> get_each(const std::vector<ObjectRef<T>>& refs,
                                 std::optional<Timeout> timeout = std::nullopt) {
  const auto entries = detail::entries_of(refs, "manta::get_each()");
  detail::CompletionWait wait("manta::get_each()", entries);
  const auto deadline = timeout ? detail::deadline_of(*timeout) : detail::Deadline();
  if (!wait.wait_for(entries.size(), deadline)) {
    detail::throw_timeout("manta::get_each()", entries, *timeout);
  }
  std::vector<Outcome<T>> outcomes;
  outcomes.reserve(entries.size());
  for (const auto* entry : entries) outcomes.push_back(detail::outcome_of<T>(*entry));
  return outcomes;
}

// An Outcome travels as a tuple of an optional value and the encoded error, which is empty if there is a value.
template <class T>
struct serialization::Codec<Outcome<T>> {
  using Value = std::optional<detail::OrMonostate<T>>;
  using Error = std::vector<std::byte>;
  using Parts = Types<detail::OrMonostate<T>>;
  static constexpr TypeNode node() { return make_node<Outcome<T>, Parts>(); }

  static void write(Writer& writer, const Outcome<T>& outcome) {
    Codec<Value>::write(writer, detail::OutcomeAccess::value(outcome));
    Codec<Error>::write(writer, detail::OutcomeAccess::error(outcome));
  }
  static Outcome<T> read(Reader& reader) {
    auto value = Codec<Value>::read(reader);
    auto error = Codec<Error>::read(reader);
    if (value.has_value() != error.empty()) {
      Reader::fail("an Outcome holds both a value and an error, or neither");
    }
    return detail::OutcomeAccess::make<T>(std::move(value), std::move(error));
  }
  static void describe(TypeText& text) { Codec<std::tuple<Value, Error>>::describe(text); }
};

}  // namespace manta
