// A Result<T, E> is a value or the reason why there is none; a Status<E> is the same without a value. E
// is a small enum of the module. They are for failures that the caller must expect; users of Manta see
// exceptions.
//
//   Result<int, ParseError> parse(...) { ... return 42; ... return ParseError::kTooLong; }
//
// Invariant: exactly one of value and error exists; to ask for the other breaks an invariant (check).
// Threads:   a value like any other.
#pragma once
#include <optional>
#include <type_traits>
#include <utility>
#include <variant>

#include "check.h"

namespace manta::base {

template <class T, class E>
class [[nodiscard]] Result {
  static_assert(!std::is_same_v<std::remove_cv_t<T>, E>, "value and error need different types");

 public:
  using value_type = T;
  using error_type = E;

  template <class U = T>
    requires(std::is_convertible_v<U, T> && !std::is_same_v<std::remove_cvref_t<U>, E> &&
             !std::is_same_v<std::remove_cvref_t<U>, Result>)
  Result(U&& value) : state_(std::in_place_index<0>, std::forward<U>(value)) {}
  Result(E error) : state_(std::in_place_index<1>, std::move(error)) {}

  bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }

  T& value() & { return require_value(), *std::get_if<0>(&state_); }
  const T& value() const& { return require_value(), *std::get_if<0>(&state_); }
  T&& value() && { return require_value(), std::move(*std::get_if<0>(&state_)); }

  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  const E& error() const {
    check(!ok(), "Result: the error of a success was asked for");
    return *std::get_if<1>(&state_);
  }

 private:
  void require_value() const { check(ok(), "Result: the value of a failure was asked for"); }

  std::variant<T, E> state_;
};

template <class E>
class [[nodiscard]] Status {
 public:
  Status() = default;  // success
  Status(E error) : error_(std::move(error)) {}

  bool ok() const { return !error_; }
  explicit operator bool() const { return ok(); }

  const E& error() const {
    check(!ok(), "Status: the error of a success was asked for");
    return *error_;
  }

 private:
  std::optional<E> error_;
};

}  // namespace manta::base
