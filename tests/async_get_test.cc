// async_get: values and errors inside event loops of Asio, with any completion token.
#include <atomic>
#include <cstdlib>
#include <future>
#include <malloc.h>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <tuple>
#include <vector>

#include <asio.hpp>
#include <asio/experimental/as_tuple.hpp>
#include <asio/experimental/awaitable_operators.hpp>
#include <asio/experimental/deferred.hpp>
#include <gmock/gmock.h>

#include <manta/asio.h>
#include <manta/manta.h>

#include "cluster_fixture.h"
#include "error_of.h"
#include "gate.h"
#include "node_records.h"

namespace manta::testing {
namespace {

using asio::experimental::as_tuple;
using asio::experimental::deferred;
using ::testing::HasSubstr;

int twice(int n) { return 2 * n; }
int fails(int n) { throw std::out_of_range("number " + std::to_string(n)); }
void nothing() {}

struct Named {  // an aggregate that owns memory
  std::string name;
  std::vector<int> numbers;
};
Named named(const std::string& name) { return {name + std::string(100, '.'), {1, 2, 3}}; }

class Made {  // of nothing but a number
 public:
  explicit Made(int n) : n_(n) {}
  int n() const { return n_; }
  auto manta_reduce() const { return std::tuple(n_); }

 private:
  int n_;
};

std::string text_of(const std::exception_ptr& error) {
  return error == nullptr ? "no error"
                          : error_of<std::exception>([&] { std::rethrow_exception(error); });
}
bool is_aborted(const std::exception_ptr& error) {
  try {
    if (error != nullptr) std::rethrow_exception(error);
  } catch (const asio::system_error& aborted) {
    return aborted.code() == asio::error::operation_aborted;
  }
  return false;
}
bool is_refusal(const std::exception_ptr& error) {
  try {
    if (error != nullptr) std::rethrow_exception(error);
  } catch (const InvalidArgument&) {
    return true;
  }
  return false;
}

class AsyncGet : public ClusterTest {
 protected:
  void SetUp() override {
    ClusterTest::SetUp();
    open();
  }
  template <class Body>
  void run(Body body) {
    asio::io_context io;
    auto done = asio::co_spawn(io, std::move(body), asio::use_future);
    io.run();
    done.get();
  }
};

TEST_F(AsyncGet, CallsAHandlerOnItsExecutorWhichHasWorkUntilThen) {
  asio::io_context io;
  const auto gate = actor<Gate>();
  const auto late = remote(pass)(gate, 5);
  const auto here = std::this_thread::get_id();
  std::vector<int> order;
  const auto on_io = [&](auto handler) { return asio::bind_executor(io, std::move(handler)); };
  async_get(late, on_io([&](std::exception_ptr error, int value) {
              EXPECT_EQ(text_of(error), "no error");
              EXPECT_EQ(std::this_thread::get_id(), here);
              order.push_back(value);
            }));
  async_get(put(std::string("there")), on_io([&](std::exception_ptr error, std::string value) {
              EXPECT_EQ(text_of(error), "no error");
              EXPECT_EQ(value, "there");
              EXPECT_EQ(std::this_thread::get_id(), here);
              order.push_back(1);
              gate.post(&Gate::open);
            }));
  EXPECT_TRUE(order.empty());  // never inside async_get()
  io.run();
  EXPECT_EQ(order, (std::vector{1, 5}));
}

TEST_F(AsyncGet, GivesErrorsVoidAndValuesThatOnlyMove) {
  asio::io_context io;
  int calls = 0;
  const auto on_io = [&](auto handler) { return asio::bind_executor(io, std::move(handler)); };
  async_get(remote(fails)(3), on_io([&](std::exception_ptr error, int value) {
              EXPECT_THROW(std::rethrow_exception(error), std::out_of_range);
              EXPECT_THROW(std::rethrow_exception(error), TaskError);
              EXPECT_EQ(value, 0);
              ++calls;
            }));
  async_get(remote(nothing)(), on_io([&](std::exception_ptr error) {
              EXPECT_EQ(text_of(error), "no error");
              ++calls;
            }));
  async_get(put(std::make_unique<int>(7)),
            on_io([&](std::exception_ptr, std::unique_ptr<int> value) {
              EXPECT_EQ(*value, 7);
              ++calls;
            }));
  async_get(put(Made(8)), on_io([&](std::exception_ptr, std::optional<Made> value) {
              EXPECT_EQ(value->n(), 8);
              ++calls;
            }));
  async_get(remote<Made(int)>([](int n) -> Made { throw std::range_error(std::to_string(n)); })(1),
            on_io([&](std::exception_ptr error, std::optional<Made> value) {
              EXPECT_THROW(std::rethrow_exception(error), std::range_error);
              EXPECT_FALSE(value.has_value());
              ++calls;
            }));
  io.run();
  EXPECT_EQ(calls, 5);
}

TEST_F(AsyncGet, WithoutAnExecutorTheHandlerRunsOnTheCallbackThread) {
  std::promise<std::thread::id> by_handler, by_on_ready;
  const auto ref = remote(twice)(1);
  async_get(ref, [&](std::exception_ptr, int value) {
    EXPECT_EQ(value, 2);
    by_handler.set_value(std::this_thread::get_id());
  });
  ref.on_ready([&] { by_on_ready.set_value(std::this_thread::get_id()); });
  EXPECT_EQ(by_handler.get_future().get(), by_on_ready.get_future().get());

  ::testing::internal::CaptureStderr();
  async_get(ref, [](std::exception_ptr, int) { throw std::runtime_error("thrown on purpose"); });
  async_get(ref, asio::use_future).get();  // behind it
  EXPECT_THAT(::testing::internal::GetCapturedStderr(),
              HasSubstr("an async_get handler threw: thrown on purpose"));
}

TEST_F(AsyncGet, GivesFutures) {
  auto value = async_get(remote(twice)(4), asio::use_future);
  auto error = async_get(remote(fails)(4), asio::use_future);
  auto none = async_get(remote(nothing)(), asio::use_future);
  auto moved = async_get(put(std::make_unique<int>(9)), asio::use_future);
  auto made = async_get(put(Made(6)), asio::use_future);
  auto refused = async_get(ObjectRef<int>(), asio::use_future);
  EXPECT_EQ(value.get(), 8);
  EXPECT_THROW(error.get(), std::out_of_range);
  none.get();
  EXPECT_EQ(*moved.get(), 9);
  EXPECT_EQ(made.get()->n(), 6);
  EXPECT_THROW(refused.get(), InvalidArgument);
}

asio::awaitable<void> uses_all_tokens() {
  const auto& here = asio::use_awaitable;
  const auto ref = remote(twice)(10);
  EXPECT_EQ(co_await async_get(ref, here), 20);
  EXPECT_EQ(co_await async_get(remote(twice)(11), here), 22);  // of a temporary
  co_await async_get(remote(nothing)(), here);
  const Named value = co_await async_get(remote(named)("x"), here);
  EXPECT_EQ(value.numbers.size(), 3u);
  EXPECT_EQ((co_await async_get(remote(named)("y"), here)).name, "y" + std::string(100, '.'));
  EXPECT_EQ(*co_await async_get(put(std::make_unique<int>(3)), here), 3);
  EXPECT_EQ((co_await async_get(put(Made(4)), here))->n(), 4);
  try {
    co_await async_get(remote(fails)(7), here);
    ADD_FAILURE() << "no error";
  } catch (const std::out_of_range& error) {
    EXPECT_THAT(error.what(), HasSubstr("number 7"));
  }
  const auto [error, none] = co_await async_get(remote(fails)(8), as_tuple(here));
  EXPECT_THAT(text_of(error), HasSubstr("number 8"));
  EXPECT_EQ(none, 0);
  auto later = async_get(ref, deferred);  // nothing is started yet
  EXPECT_EQ(co_await std::move(later)(here), 20);
  for (int i = 0; i < 1000; ++i) {
    EXPECT_EQ(co_await async_get(remote(twice)(i), here), 2 * i);
  }
}

TEST_F(AsyncGet, IsAwaitedByCoroutines) { run(uses_all_tokens); }

TEST_F(AsyncGet, CopiesNoArray) {
  asio::io_context io;
  const auto ref = put(full<double>(1 << 20, 2.5));
  const auto here = get(ref);
  bool called = false;
  async_get(ref, asio::bind_executor(io, [&](std::exception_ptr, Array<double> array) {
              EXPECT_TRUE(same_storage(array, here));
              called = true;
            }));
  io.run();
  EXPECT_TRUE(called);
}

TEST_F(AsyncGet, ManyMayWaitForOneRefAndForManyOnManyThreads) {
  constexpr int kRefs = 10'000;
  asio::thread_pool pool(4);
  auto strand = asio::make_strand(pool);
  const auto gate = actor<Gate>();
  const auto late = remote(pass)(gate, 1);
  std::atomic<int> ones{0}, sum{0};
  int in_strand = 0;  // not atomic
  for (int i = 0; i < kRefs; ++i) {
    async_get(late, asio::bind_executor(
                        strand, [&](std::exception_ptr, int value) { in_strand += value; }));
    async_get(late,
              asio::bind_executor(pool, [&](std::exception_ptr, int value) { ones += value; }));
    async_get(remote(twice)(i), asio::bind_executor(pool, [&, i](std::exception_ptr, int value) {
                sum += value == 2 * i ? 1 : 0;
              }));
  }
  gate.post(&Gate::open);
  pool.join();
  EXPECT_EQ(in_strand, kRefs);
  EXPECT_EQ(ones, kRefs);
  EXPECT_EQ(sum, kRefs);
}

TEST_F(AsyncGet, CanBeCancelledAndTheRefStaysUsable) {
  asio::io_context io;
  asio::cancellation_signal signal;
  const auto gate = actor<Gate>();
  const auto late = remote(pass)(gate, 5);
  int aborted = 0, done = 0;
  const auto cancellable = [&](auto handler) {
    return asio::bind_cancellation_slot(signal.slot(), asio::bind_executor(io, std::move(handler)));
  };
  const auto counts_aborted = [&](std::exception_ptr error, int) {
    aborted += is_aborted(error) ? 1 : 0;
  };
  for (const auto type : {asio::cancellation_type::terminal, asio::cancellation_type::partial,
                          asio::cancellation_type::total}) {
    async_get(late, cancellable(counts_aborted));
    signal.emit(asio::cancellation_type::none);
    signal.emit(type);
    signal.emit(type);  // nothing more
    io.run();
    io.restart();
  }
  EXPECT_EQ(aborted, 3);
  async_get(late, cancellable([&](std::exception_ptr, int value) {
              signal.emit(asio::cancellation_type::terminal);  // too late
              done = value;
            }));
  gate.post(&Gate::open);
  io.run();
  EXPECT_EQ(done, 5);
  EXPECT_EQ(get(late), 5);
  signal.emit(asio::cancellation_type::terminal);
  EXPECT_EQ(aborted, 3);
}

TEST_F(AsyncGet, WaitsWithATimeoutByATimer) {
  using namespace asio::experimental::awaitable_operators;
  const auto gate = actor<Gate>();
  const auto late = remote(pass)(gate, 5);
  run([&]() -> asio::awaitable<void> {
    asio::steady_timer timer(co_await asio::this_coro::executor, std::chrono::milliseconds(1));
    const auto first =
        co_await (async_get(late, asio::use_awaitable) || timer.async_wait(asio::use_awaitable));
    EXPECT_EQ(first.index(), 1u);
    timer.expires_after(kPatience);
    gate.post(&Gate::open);
    const auto second =
        co_await (async_get(late, asio::use_awaitable) || timer.async_wait(asio::use_awaitable));
    EXPECT_EQ(std::get<0>(second), 5);
  });
}

TEST_F(AsyncGet, WaitsThatWereCancelledDoNotPileUp) {
  asio::io_context io;
  asio::cancellation_signal signals[2];
  const auto gate = actor<Gate>();
  const auto late = remote(pass)(gate, 5);
  const auto heap = [] { return ::mallinfo2().uordblks; };
  const auto wait = [&](int i) {
    async_get(late,
              asio::bind_cancellation_slot(
                  signals[i % 2].slot(), asio::bind_executor(io, [](std::exception_ptr, int) {})));
  };
  wait(0);
  std::size_t before = 0;
  for (int i = 1; i <= 20'000; ++i) {  // there is always another one that waits
    wait(i);
    signals[(i - 1) % 2].emit(asio::cancellation_type::terminal);
    io.run_one();
    if (i == 10'000) before = heap();
  }
  EXPECT_LT(heap(), before + (200 << 10));
  gate.post(&Gate::open);
  io.run();
}

TEST_F(AsyncGet, TheEndOfTheSessionIsAnErrorOfAllThatWait) {
  asio::io_context io;
  std::atomic<int> refused{0};
  const auto counts = [&](std::exception_ptr error, int) { refused += is_refusal(error) ? 1 : 0; };
  std::future<int> future;
  ObjectRef<int> late, there = put(1);
  {
    const auto gate = actor<Gate>();
    late = remote(pass)(gate, 5);
    async_get(late, asio::bind_executor(io, counts));
    async_get(remote(twice)(late), asio::bind_executor(io, counts));
    async_get(late, counts);
    future = async_get(late, asio::use_future);
    node_records_are_not_checked();  // the gate is there
    close();
  }
  EXPECT_EQ(refused, 1);  // the one of the callback thread
  EXPECT_THROW(future.get(), InvalidArgument);
  async_get(there, asio::bind_executor(io, counts));
  async_get(ObjectRef<int>(), asio::bind_executor(io, counts));
  io.run();
  EXPECT_EQ(refused, 5);
}

TEST_F(AsyncGet, EmptyRefsAndThoseOfEndedSessionsAreRefusedThroughTheHandler) {
  asio::io_context io;
  const auto old = put(1);
  close();
  open();
  std::vector<std::string> texts;
  const auto keeps = [&](std::exception_ptr error, int) {
    EXPECT_TRUE(is_refusal(error));
    texts.push_back(text_of(error));
  };
  async_get(ObjectRef<int>(), asio::bind_executor(io, keeps));
  async_get(old, asio::bind_executor(io, keeps));
  EXPECT_TRUE(texts.empty());
  io.run();
  ASSERT_EQ(texts.size(), 2u);
  EXPECT_THAT(texts[0], HasSubstr("manta::async_get(): the ref is empty"));
  EXPECT_THAT(texts[1], HasSubstr("has ended"));
  EXPECT_THROW(async_get(old, asio::use_future).get(), InvalidArgument);
}

TEST_F(AsyncGet, AHandlerMayEndTheSession) {
  store_is_not_checked();
  std::promise<bool> refused;
  const auto gate = actor<Gate>();
  async_get(remote(pass)(gate, 1),
            [&](std::exception_ptr error, int) { refused.set_value(is_refusal(error)); });
  std::promise<void> ended;
  async_get(put(1), [&](std::exception_ptr, int) {
    session().shutdown();
    ended.set_value();
  });
  ended.get_future().get();
  EXPECT_TRUE(refused.get_future().get());
}

TEST_F(AsyncGet, HandlersGoWithTheirContext) {
  const auto gate = actor<Gate>();
  const auto late = remote(pass)(gate, 5);
  const auto kept = std::make_shared<int>(1);
  {
    asio::io_context io;
    asio::thread_pool pool(1);
    for (int i = 0; i < 100; ++i) {
      async_get(late, asio::bind_executor(io, [kept](std::exception_ptr, int) { ADD_FAILURE(); }));
    }
    asio::co_spawn(
        io,
        [late, kept]() -> asio::awaitable<void> {
          co_await async_get(late, asio::use_awaitable);
          ADD_FAILURE();
        },
        asio::detached);
    async_get(late, asio::bind_executor(asio::make_strand(pool),
                                        [kept](std::exception_ptr, int) { ADD_FAILURE(); }));
    io.poll();
    pool.stop();
  }
  EXPECT_EQ(kept.use_count(), 1);
  gate.post(&Gate::open);
  EXPECT_EQ(get(late), 5);
  async_get(late, asio::use_future).get();  // what came before it has been called back
}

// While objects become done.
TEST_F(AsyncGet, ContextsMayGoAtAnyTime) {
  std::atomic<int> called{0};
  for (int round = 0; round < 200; ++round) {
    asio::io_context io;
    for (int i = 0; i < 20; ++i) {
      async_get(remote(twice)(i),
                asio::bind_executor(io, [&](std::exception_ptr, int) { ++called; }));
    }
    for (int i = 0; i < round % 20; ++i) io.run_one();
  }
  EXPECT_GE(called, 10 * 190);
}

template <class T>
struct Counting {
  using value_type = T;
  int* allocated;
  explicit Counting(int* count) : allocated(count) {}
  template <class U>
  Counting(const Counting<U>& other) : allocated(other.allocated) {}
  T* allocate(std::size_t n) {
    ++*allocated;
    return std::allocator<T>().allocate(n);
  }
  void deallocate(T* memory, std::size_t n) {
    --*allocated;
    std::allocator<T>().deallocate(memory, n);
  }
  template <class U>
  bool operator==(const Counting<U>& other) const {
    return allocated == other.allocated;
  }
};

TEST_F(AsyncGet, MemoryIsOfTheAssociatedAllocatorAndGivenBackBeforeTheCall) {
  asio::io_context io;
  int allocated = 0, called = 0;
  const auto gate = actor<Gate>();
  for (const auto& ref : {remote(pass)(gate, 5), put(5)}) {
    async_get(ref, asio::bind_allocator(Counting<void*>(&allocated),
                                        asio::bind_executor(io, [&](std::exception_ptr, int) {
                                          EXPECT_EQ(allocated, called == 0 ? 1 : 0);
                                          ++called;
                                        })));
  }
  EXPECT_EQ(allocated, 2);
  io.run_one();
  gate.post(&Gate::open);
  io.run();
  EXPECT_EQ(called, 2);
}

// Runs everything at once; hides its context.
struct AtOnce {
  template <class F>
  void execute(F&& f) const {
    std::forward<F>(f)();
  }
  bool operator==(const AtOnce&) const noexcept { return true; }
  bool operator!=(const AtOnce&) const noexcept { return false; }
};

TEST_F(AsyncGet, AnExecutorOfYourOwnWillDo) {
  std::promise<int> value;
  async_get(remote(twice)(3), asio::bind_executor(AtOnce(), [&](std::exception_ptr, int got) {
              value.set_value(got);
            }));
  EXPECT_EQ(value.get_future().get(), 6);
}

TEST_F(AsyncGet, CountsAsALookAtAnErrorIfItIsNotCancelled) {
  ::testing::internal::CaptureStderr();
  const auto gate = actor<Gate>();
  const auto fails_behind = [](ActorHandle<Gate> at, int n) {
    pass(at, n);
    return fails(n);
  };
  {
    asio::io_context io;
    asio::cancellation_signal signal;
    auto looked_at = remote(fails, {.name = "looked_at"})(1);
    auto cancelled = remote(fails_behind, {.name = "cancelled"})(gate, 1);
    const auto handler = asio::bind_executor(io, [](std::exception_ptr, int) {});
    async_get(looked_at, handler);
    async_get(cancelled, asio::bind_cancellation_slot(signal.slot(), handler));
    signal.emit(asio::cancellation_type::terminal);
    io.run();
    gate.post(&Gate::open);
    EXPECT_TRUE(eventually([&] { return cancelled.ready(); }));
  }
  const auto log = ::testing::internal::GetCapturedStderr();
  EXPECT_THAT(log, ::testing::Not(HasSubstr("looked_at"))) << log;
  EXPECT_THAT(log, HasSubstr("nobody looked at the error of cancelled")) << log;
}

struct Loop {  // an actor with an event loop of its own
  int sum(const std::vector<ObjectRef<int>>& refs) {
    asio::io_context io;
    int total = 0;
    for (const auto& ref : refs) {
      async_get(ref,
                asio::bind_executor(io, [&](std::exception_ptr, int value) { total += value; }));
    }
    io.run();
    return total;
  }
};

TEST_F(AsyncGet, WorksInActors) {
  const auto gate = actor<Gate>();
  const auto loop = actor<Loop>();
  const std::vector refs = {remote(pass)(gate, 1), remote(twice)(2), put(3)};
  const auto sum = loop.call(&Loop::sum, refs);
  gate.post(&Gate::open);
  EXPECT_EQ(get(sum), 8);
}

class LocalAsyncGet : public ClusterTest {
 protected:
  void SetUp() override {
    ::setenv("MANTA_LOCAL", "1", 1);
    ClusterTest::SetUp();
    open();
  }
  void TearDown() override {
    ClusterTest::TearDown();
    ::unsetenv("MANTA_LOCAL");
  }
};

std::atomic<bool> begun{false}, may_end{false};

TEST_F(LocalAsyncGet, EndsWhileTheTaskStillRuns) {
  begun = may_end = false;
  EXPECT_EQ(async_get(remote(twice)(4), asio::use_future).get(), 8);
  auto running = remote([] {
    begun = true;
    while (!may_end) std::this_thread::yield();
    return 1;
  })();
  std::promise<void> refused;
  async_get(running, [&](std::exception_ptr error, int) {
    EXPECT_TRUE(is_refusal(error)) << text_of(error);
    refused.set_value();
  });
  EXPECT_TRUE(eventually([&] { return begun.load(); }));
  store_is_not_checked();  // the task runs until then
  auto closing = std::async(std::launch::async, [&] { session().shutdown(); });
  refused.get_future().get();
  may_end = true;
  closing.get();
}

}  // namespace
}  // namespace manta::testing
