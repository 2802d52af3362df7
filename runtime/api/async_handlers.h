// The handlers of async_get() while they wait: each belongs to an AsyncWait, and goes with its execution context.
//
//   waiting --AsyncWait::over()--> answered        the context lives until its executor has the handler
//           --the context is destroyed--> dropped
//
// Invariants: (1) a handler is answered or dropped, once; (2) while the wait is not over, the handler holds the ref.
// Threads:    any.
#pragma once
#include <condition_variable>
#include <memory>
#include <mutex>
#include <utility>

#include <asio/execution_context.hpp>

#include "async_wait.h"

namespace manta::detail {

// One handler with what it needs. It destroys itself in either way.
class WaitingHandler {
 public:
  enum class From { kCallbackThread, kAsyncGet };
  virtual void answer(ReadyWait::End end, From from) = 0;
  virtual void drop() noexcept = 0;

 protected:
  WaitingHandler() = default;
  ~WaitingHandler() = default;
  WaitingHandler(const WaitingHandler&) = delete;
  WaitingHandler& operator=(const WaitingHandler&) = delete;
};

class HandlersOfContext;

class AsyncWait final : public ReadyWait {
 public:
  // The context may be null, and the handler then is asked to outlive none.
  AsyncWait(std::uint32_t session, std::shared_ptr<HandlersOfContext> context,
            WaitingHandler* handler);
  ~AsyncWait() override;

  void over(End end) override { answer(end, WaitingHandler::From::kCallbackThread); }
  void answer(End end, WaitingHandler::From from);
  void cancel() { cancel_wait(session_, *this); }

 private:
  friend class HandlersOfContext;

  const std::uint32_t session_;
  const std::shared_ptr<HandlersOfContext> context_;
  // All under the context's lock, if there is one.
  WaitingHandler* handler_;
  AsyncWait* next_ = nullptr;
  AsyncWait** here_ = nullptr;
};

class HandlersOfContext {
 public:
  void add(AsyncWait& wait) {
    const std::lock_guard lock(mutex_);
    wait.next_ = std::exchange(first_, &wait);
    wait.here_ = &first_;
    if (wait.next_ != nullptr) wait.next_->here_ = &wait.next_;
  }
  // The handler, unless it is gone. It may be answered until end_answer().
  WaitingHandler* begin_answer(AsyncWait& wait) {
    const std::lock_guard lock(mutex_);
    WaitingHandler* const handler = take(wait);
    if (handler != nullptr) ++answering_;
    return handler;
  }
  void end_answer() {
    const std::lock_guard lock(mutex_);
    if (--answering_ == 0) none_answers_.notify_all();
  }
  WaitingHandler* take_from_dying(AsyncWait& wait) {
    const std::lock_guard lock(mutex_);
    return take(wait);
  }
  // The context is being destroyed.
  void drop_all() {
    while (drop_one()) {
    }
    std::unique_lock lock(mutex_);
    none_answers_.wait(lock, [&] { return answering_ == 0; });
  }

 private:
  WaitingHandler* take(AsyncWait& wait) {
    if (wait.handler_ == nullptr) return nullptr;
    *wait.here_ = wait.next_;
    if (wait.next_ != nullptr) wait.next_->here_ = wait.here_;
    return std::exchange(wait.handler_, nullptr);
  }

  bool drop_one() {
    base::Ref<AsyncWait> wait;
    WaitingHandler* handler = nullptr;
    {
      const std::lock_guard lock(mutex_);
      if (first_ == nullptr) return false;
      // Without a reference left it is over, and its destructor waits for the lock.
      if (first_->try_retain()) wait = base::Ref<AsyncWait>::adopt(first_);
      handler = take(*first_);
    }
    if (wait) wait->cancel();
    handler->drop();
    return true;
  }

  std::mutex mutex_;
  std::condition_variable none_answers_;
  AsyncWait* first_ = nullptr;
  int answering_ = 0;
};

inline AsyncWait::AsyncWait(std::uint32_t session, std::shared_ptr<HandlersOfContext> context,
                            WaitingHandler* handler)
    : session_(session), context_(std::move(context)), handler_(handler) {
  if (context_) context_->add(*this);
}

inline AsyncWait::~AsyncWait() {
  WaitingHandler* const left = context_ ? context_->take_from_dying(*this) : handler_;
  if (left != nullptr) left->drop();
}

inline void AsyncWait::answer(End end, WaitingHandler::From from) {
  if (!context_) {
    if (auto* const handler = std::exchange(handler_, nullptr)) handler->answer(end, from);
    return;
  }
  WaitingHandler* const handler = context_->begin_answer(*this);
  if (handler == nullptr) return;
  struct EndAnswer {
    HandlersOfContext& context;
    ~EndAnswer() { context.end_answer(); }
  } const at_the_end{*context_};
  handler->answer(end, from);
}

// An execution context destroys its services first, while its executors still work.
class HandlersService final : public asio::execution_context::service {
 public:
  using key_type = HandlersService;
  static inline asio::execution_context::id id;

  explicit HandlersService(asio::execution_context& owner) : service(owner) {}
  const std::shared_ptr<HandlersOfContext>& handlers() const { return handlers_; }

 private:
  void shutdown() override { handlers_->drop_all(); }

  const std::shared_ptr<HandlersOfContext> handlers_ = std::make_shared<HandlersOfContext>();
};

}  // namespace manta::detail
