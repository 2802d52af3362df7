// <manta/asio.h>: async_get() waits for a value inside an event loop of Asio, with any completion token. Not part of
// <manta/manta.h>, so that only those who use Asio need it: standalone Asio 1.22 or newer (Debian: libasio-dev).
//
//   asio::io_context io;
//   manta::async_get(ref, asio::bind_executor(io, [](std::exception_ptr error, double value) { ... }));
//   std::future<double> future = manta::async_get(ref, asio::use_future);
//   double value = co_await manta::async_get(ref, asio::use_awaitable);     // throws what get() throws
//
//   waiting --object done--> posted --the handler's executor--> value decoded there, handler called
//           --cancellation slot, end of the session-->  the same, with an error
//           --the handler's execution context is destroyed-->  handler destroyed, as one of Asio's operations
//
// The handler runs once, never inside async_get(), on its associated executor, which counts it as work until then:
// io_context::run() does not return before. The value is decoded there as well, so that a large one takes no other
// loop's time; arrays in it are not copied, and what lies on disk is read back. A handler without an executor runs on
// the session's callback thread, and must not block.
// Errors:  what get() throws, as the exception_ptr; InvalidArgument for an empty ref, a ref of an ended session, or one
//          that ends meanwhile; asio::system_error with asio::error::operation_aborted when it was cancelled, by any
//          type of cancellation: the task and the ref stay as they were. All come through the handler, none is thrown
//          by async_get(). An error counts as looked at when it is given to the handler.
// Threads: any; several async_get() may wait for one ref. A cancellation signal is Asio's: emitted by one thread at a
//          time. Inside a task, a loop that waits keeps the task's CPU, which get() lends.
#pragma once
#if !__has_include(<asio/async_result.hpp>)
#error \
    "<manta/asio.h> needs Asio: apt install libasio-dev, or -I its folder (Boost.Asio will not do)"
#endif
#include <asio/version.hpp>
#if ASIO_VERSION < 102200
#error "<manta/asio.h> needs Asio 1.22 or newer: see ASIO_VERSION in <asio/version.hpp>"
#endif
#include <exception>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

#include <asio/associated_allocator.hpp>
#include <asio/associated_cancellation_slot.hpp>
#include <asio/associated_executor.hpp>
#include <asio/async_result.hpp>
#include <asio/dispatch.hpp>
#include <asio/error.hpp>
#include <asio/execution.hpp>
#include <asio/execution_context.hpp>
#include <asio/executor_work_guard.hpp>
#include <asio/post.hpp>
#include <asio/query.hpp>
#include <asio/require.hpp>
#include <asio/system_context.hpp>
#include <asio/system_error.hpp>
#include <asio/system_executor.hpp>

#include "async_handlers.h"
#include "async_wait.h"
#include "get.h"
#include "refused.h"

namespace manta {
namespace detail {

// What a handler gets beside the error: T, value-initialized where there is an error. A T without a default constructor
// comes as an optional, which is empty then.
template <class T>
struct AsyncAnswer {
  using Value = std::conditional_t<std::is_default_constructible_v<T>, T, std::optional<T>>;
  using Signature = void(std::exception_ptr, Value);

  template <class Handler>
  void give_to(Handler handler, std::exception_ptr error) {
    if constexpr (std::is_default_constructible_v<T>) {
      std::move(handler)(std::move(error), value ? std::move(*value) : T());
    } else {
      std::move(handler)(std::move(error), std::move(value));
    }
  }
  void decode(const ObjectEntry& entry) { value.emplace(decode_done<T>(entry)); }

  std::optional<T> value;
};

template <>
struct AsyncAnswer<void> {
  using Signature = void(std::exception_ptr);

  template <class Handler>
  void give_to(Handler handler, std::exception_ptr error) {
    std::move(handler)(std::move(error));
  }
  void decode(const ObjectEntry& entry) { decode_done<void>(entry); }
};

// What the handler's executor runs.
template <class T, class Handler>
class AnswerHandler {
 public:
  using allocator_type = asio::associated_allocator_t<Handler>;

  AnswerHandler(Handler handler, ObjectRef<T> ref, ReadyWait::End end)
      : handler_(std::move(handler)), ref_(std::move(ref)), end_(end) {}
  allocator_type get_allocator() const noexcept { return asio::get_associated_allocator(handler_); }

  void operator()() {
    AsyncAnswer<T> answer;
    std::exception_ptr error;
    try {
      if (end_ == ReadyWait::End::kCancelled) {
        throw asio::system_error(asio::error::operation_aborted, "manta::async_get()");
      }
      if (end_ == ReadyWait::End::kSessionOver) throw_session_over();
      answer.decode(checked(RefAccess::entry(ref_), "manta::async_get()"));
    } catch (...) {
      error = std::current_exception();
    }
    ref_ = {};  // the object may go while the handler runs
    answer.give_to(std::move(handler_), std::move(error));
  }

 private:
  Handler handler_;
  ObjectRef<T> ref_;
  ReadyWait::End end_;
};

// Some executors of users run everything at once.
template <class Executor>
inline constexpr bool can_post =
    !asio::execution::is_executor<Executor>::value ||
    asio::can_require_v<Executor, asio::execution::blocking_t::never_t>;

template <class Executor, class Answer>
void post_answer(const Executor& executor, Answer answer) {
  if constexpr (can_post<Executor>) {
    asio::post(executor, std::move(answer));
  } else {
    asio::dispatch(executor, std::move(answer));
  }
}

// A handler while it waits, in memory of its associated allocator, which is given back before it is called.
template <class T, class Handler>
class WaitingHandlerFor final : public WaitingHandler {
  using Executor = asio::associated_executor_t<Handler>;
  using Allocator = typename std::allocator_traits<
      asio::associated_allocator_t<Handler>>::template rebind_alloc<WaitingHandlerFor>;

 public:
  static WaitingHandler* make(Handler& handler, ObjectRef<T>& ref) {
    Allocator allocator(asio::get_associated_allocator(handler));
    WaitingHandlerFor* const memory = std::allocator_traits<Allocator>::allocate(allocator, 1);
    try {
      return ::new (static_cast<void*>(memory)) WaitingHandlerFor(handler, ref);
    } catch (...) {
      std::allocator_traits<Allocator>::deallocate(allocator, memory, 1);
      throw;
    }
  }

  void answer(ReadyWait::End end, From from) override {
    const auto work = std::move(work_);
    AnswerHandler<T, Handler> answer(std::move(handler_), std::move(ref_), end);
    destroy(Allocator(answer.get_allocator()));
    if (from == From::kAsyncGet) {
      post_answer(work.get_executor(), std::move(answer));
    } else if constexpr (std::is_same_v<Executor, asio::system_executor>) {
      answer();  // here: that executor would end the program where the handler throws
    } else {
      asio::dispatch(work.get_executor(), std::move(answer));
    }
  }
  void drop() noexcept override {
    const Handler handler = std::move(handler_);
    destroy(Allocator(asio::get_associated_allocator(handler)));
  }

 private:
  WaitingHandlerFor(Handler& handler, ObjectRef<T>& ref)
      : work_(asio::get_associated_executor(handler)),
        handler_(std::move(handler)),
        ref_(std::move(ref)) {}
  ~WaitingHandlerFor() = default;
  void destroy(Allocator allocator) noexcept {
    this->~WaitingHandlerFor();
    std::allocator_traits<Allocator>::deallocate(allocator, this, 1);
  }

  asio::executor_work_guard<Executor> work_;
  Handler handler_;
  ObjectRef<T> ref_;
};

// The context that the handlers of an executor go with: none if the executor hides it, or it is the system's (which is
// not even looked at, since that starts its threads).
template <class Executor>
asio::execution_context* context_of(const Executor& executor) {
  if constexpr (asio::can_query_v<const Executor&, asio::execution::context_t>) {
    using Context = std::remove_cvref_t<decltype(asio::query(executor, asio::execution::context))>;
    if constexpr (!std::is_same_v<Context, asio::system_context>) {
      return &asio::query(executor, asio::execution::context);
    }
  } else if constexpr (!asio::execution::is_executor<Executor>::value) {  // of the Networking TS
    return &executor.context();
  }
  return nullptr;
}

struct StartAsyncGet {
  template <class Given, class T>
  void operator()(Given&& given, ObjectRef<T> ref) const {
    using Handler = std::decay_t<Given>;
    Handler handler(std::forward<Given>(given));
    using Executor = asio::associated_executor_t<Handler>;
    const Executor executor = asio::get_associated_executor(handler);
    asio::execution_context* const context = context_of(executor);
    const ObjectEntryRef entry = RefAccess::entry(ref);
    if (can_post<Executor> && context != nullptr && answered_at_once(entry)) {
      return post_answer(executor, AnswerHandler<T, Handler>(std::move(handler), std::move(ref),
                                                             ReadyWait::End::kDone));
    }
    std::shared_ptr<HandlersOfContext> handlers;
    if (context != nullptr) handlers = asio::use_service<HandlersService>(*context).handlers();
    auto slot = asio::get_associated_cancellation_slot(handler);
    const auto wait = base::make_ref<AsyncWait>(entry ? entry->session : 0, std::move(handlers),
                                                WaitingHandlerFor<T, Handler>::make(handler, ref));
    if (slot.is_connected()) {
      slot.assign([wait](asio::cancellation_type_t type) {
        if (type != asio::cancellation_type::none) wait->cancel();
      });
    }
    if (start_wait(entry, wait)) return;
    wait->answer(answered_at_once(entry) ? ReadyWait::End::kDone : ReadyWait::End::kSessionOver,
                 WaitingHandler::From::kAsyncGet);
  }
};

template <class T>
inline constexpr bool can_be_given = std::is_void_v<T> || std::is_move_constructible_v<T>;
template <class T, class Token>
#if defined(ASIO_HAS_CONCEPTS)
concept AsyncToken = asio::completion_token_for<Token, typename AsyncAnswer<T>::Signature>;
#else
concept AsyncToken = true;
#endif
// Some tokens of Asio cannot be used where they are if they are const.
template <class Token>
using UsedToken =
    std::conditional_t<std::is_const_v<std::remove_reference_t<Token>>, std::decay_t<Token>, Token>;

}  // namespace detail

// Starts to wait for the value of `ref`; completes with (std::exception_ptr, T), for an ObjectRef<void> with
// (std::exception_ptr). The exception is null where there is a value; else T is value-initialized. For a T without a
// default constructor it is (std::exception_ptr, std::optional<T>). See above.
template <class T, class Token>
  requires detail::can_be_given<T> && detail::AsyncToken<T, detail::UsedToken<Token>>
auto async_get(ObjectRef<T> ref, Token&& token) {
  using Used = detail::UsedToken<Token>;
  using Signature = typename detail::AsyncAnswer<T>::Signature;
  Used used(std::forward<Token>(token));
  return asio::async_initiate<Used, Signature>(detail::StartAsyncGet(), used, std::move(ref));
}

// What does not compile.
template <class T, class Token>
  requires(!detail::can_be_given<T> || !detail::AsyncToken<T, detail::UsedToken<Token>>)
auto async_get(ObjectRef<T>, Token&&) {
  static_assert(
      detail::can_be_given<T>,
      "manta::async_get(): T can neither be moved nor copied, so that it cannot be handed "
      "to a handler; get() builds such a value in place: call it from ref.on_ready()");
  static_assert(
      !detail::can_be_given<T>,
      "manta::async_get(ref, token): token is no completion token of Asio, and no handler "
      "that is callable with (std::exception_ptr, T), for an ObjectRef<void> with "
      "(std::exception_ptr), for a T without a default constructor with "
      "(std::exception_ptr, std::optional<T>)");
  return detail::Refused();
}
template <class First, class Token>
  requires(!detail::IsRef<std::remove_cvref_t<First>>::value)
auto async_get(const First&, Token&&) {
  static_assert(
      detail::IsRef<std::remove_cvref_t<First>>::value,
      "manta::async_get(x, token): x is no reference to a value of known type. It takes one "
      "ObjectRef<T>: of an AnyRef say ref.as<T>(), and of several each");
  return detail::Refused();
}

}  // namespace manta
