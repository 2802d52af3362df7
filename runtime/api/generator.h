// Generator<T>: what a coroutine returns that yields one T after the other. A remote function or a method that returns
// one gives an ObjectRefStream<T>, whose refs are ready before the call ends; see ref_stream.h.
//
//   manta::Generator<int> numbers(int n) {
//     for (int i = 0; i < n; ++i) co_yield i;
//   }
//   for (const auto& ref : manta::remote(numbers)(3)) use(manta::get(ref));
//
// Called as a plain function, it runs here: for (int x : numbers(3)) use(x). The body runs up to the next co_yield when
// an item is wanted; when the Generator goes before its end, the body's variables are destroyed where it stands.
// Parameters that are references, and a lambda's captures, live as long as the remote call.
// T can be moved, and is what a remote function may return. co_yield takes a T by value. GCC 12 destroys members of a
// temporary aggregate twice in co_yield: name it first,  Point p{1, 2}; co_yield p;
// Errors:  what the body throws comes out of begin() and ++, and there is no item any more.
// Threads: confined; its body runs on the thread that asks for items.
#pragma once
#include <coroutine>
#include <cstddef>
#include <exception>
#include <iterator>
#include <optional>
#include <type_traits>
#include <utility>

#include "../../base/always_false.h"
#include "../../serialization/codec/codec.h"

namespace manta {

template <class T>
class [[nodiscard]] Generator {
  static_assert(std::is_object_v<T> && std::is_same_v<T, std::remove_cv_t<T>>,
                "manta::Generator<T>: T is a plain type, neither void nor const nor a reference");
  static_assert(std::is_move_constructible_v<T>,
                "manta::Generator<T>: a T that is yielded is moved, which this one cannot be");

 public:
  class Promise {
   public:
    Generator get_return_object() {
      return Generator(std::coroutine_handle<Promise>::from_promise(*this));
    }
    std::suspend_always initial_suspend() const noexcept { return {}; }
    std::suspend_always final_suspend() const noexcept { return {}; }
    std::suspend_always yield_value(T item) {
      item_.emplace(std::move(item));
      return {};
    }
    void return_void() const noexcept {}
    void unhandled_exception() noexcept { error_ = std::current_exception(); }
    template <class Awaited>
    std::suspend_never await_transform(Awaited&&) const noexcept {
      static_assert(base::always_false<Awaited>,
                    "co_await in a manta::Generator: wait for a ref with manta::get(ref)");
      return {};
    }

   private:
    friend class Generator;
    std::optional<T> item_;
    std::exception_ptr error_;
  };

  using promise_type = Promise;  // the language's name for it

  class iterator {
   public:
    using value_type = T;
    using difference_type = std::ptrdiff_t;
    T& operator*() const { return generator_->item(); }
    iterator& operator++() {
      generator_->advance();
      return *this;
    }
    void operator++(int) { ++*this; }
    bool operator==(std::default_sentinel_t) const { return generator_->body_.done(); }

   private:
    friend class Generator;
    explicit iterator(Generator* generator) : generator_(generator) {}
    Generator* generator_;
  };

  Generator(Generator&& other) noexcept : body_(std::exchange(other.body_, nullptr)) {}
  Generator& operator=(Generator&& other) noexcept {
    Generator(std::move(other)).swap(*this);
    return *this;
  }
  ~Generator() {
    if (body_) body_.destroy();
  }

  // Runs the body up to its first item. To be called once.
  iterator begin() {
    advance();
    return iterator(this);
  }
  std::default_sentinel_t end() const { return {}; }

  // Runs the body up to the next co_yield. False: it has ended.
  bool advance() {
    Promise& promise = body_.promise();
    promise.item_.reset();
    if (body_.done()) return false;
    body_.resume();
    if (promise.error_) std::rethrow_exception(std::exchange(promise.error_, nullptr));
    return !body_.done();
  }
  // What it has yielded last; after advance() was true.
  T& item() const { return *body_.promise().item_; }

 private:
  explicit Generator(std::coroutine_handle<Promise> body) : body_(body) {}
  void swap(Generator& other) noexcept { std::swap(body_, other.body_); }

  std::coroutine_handle<Promise> body_;
};

namespace detail {

template <class R>
struct IsGenerator : std::false_type {
  using Item = R;
};
template <class T>
struct IsGenerator<Generator<T>> : std::true_type {
  using Item = T;
};
template <class R>
inline constexpr bool is_generator = IsGenerator<std::remove_cvref_t<R>>::value;
// What a function that returns an R gives, again and again if that is a Generator.
template <class R>
using ItemOf = typename IsGenerator<std::remove_cvref_t<R>>::Item;

}  // namespace detail

// It is what a function returns, and no value.
template <class T>
struct serialization::Codec<Generator<T>> {
  static constexpr TypeNode node() {
    return {.name = kTypeName<Generator<T>>, .refusal = Refusal::kStream};
  }
};

}  // namespace manta
