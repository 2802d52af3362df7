// Calls that somebody cancels, in each state of a call: exactly one of a value and Cancelled, and nothing is left.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <random>
#include <string>
#include <thread>
#include <unistd.h>
#include <vector>

#include <gmock/gmock.h>

#include "cluster_fixture.h"
#include "error_of.h"
#include "gate.h"

namespace manta::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

using namespace std::chrono_literals;

int add(int a, int b) { return a + b; }

// Says that it runs, and ends when it is asked to: 1, or with an exception.
class Announcements {
 public:
  void begun(int pid) { begun_.push_back(pid); }
  std::vector<int> all() const { return begun_; }

 private:
  std::vector<int> begun_;
};

int until_asked(ActorHandle<Announcements> board) {
  get(board.call(&Announcements::begun, ::getpid()));
  while (!this_task().cancelled()) std::this_thread::yield();
  return 1;
}

int until_asked_then_throws(ActorHandle<Announcements> board) {
  until_asked(board);
  throw std::out_of_range("asked");
}

int for_ever(ActorHandle<Announcements> board) {
  get(board.call(&Announcements::begun, ::getpid()));
  for (;;) ::pause();
}

int for_ever_computing(ActorHandle<Announcements> board) {
  get(board.call(&Announcements::begun, ::getpid()));
  for (std::atomic<int> i = 0;; ++i) continue;
}

std::vector<int> begun(const ActorHandle<Announcements>& board, std::size_t count) {
  std::vector<int> all;
  EXPECT_TRUE(eventually([&] {
    all = get(board.call(&Announcements::all));
    return all.size() >= count;
  }));
  all.resize(std::max(all.size(), count), -1);
  return all;
}

template <class T>
std::string cancelled(const ObjectRef<T>& ref) {
  return error_of<Cancelled>([&] { get(ref); });
}

class CancelTest : public ClusterTest {};

TEST_F(CancelTest, OneThatWaitsForItsArgumentIsDropped) {
  open();
  const auto gate = actor<Gate>();
  const auto late = remote(pass)(gate, 5);
  const auto sum = remote(add)(late, 1);
  const auto more = remote(add)(sum, 1);
  cancel(sum);
  EXPECT_THAT(cancelled(sum), HasSubstr("add was cancelled by manta::cancel()"));
  EXPECT_THAT(cancelled(more), HasSubstr("add was cancelled"));  // the first cause
  gate.post(&Gate::open);
  EXPECT_EQ(get(late), 5);
}

TEST_F(CancelTest, OneThatIsQueuedIsDropped) {
  open({.cpus = 1});
  const auto board = actor<Announcements>();
  const auto first = remote(for_ever)(board);
  begun(board, 1);
  std::vector<ObjectRef<int>> queued;
  for (int i = 0; i < 100; ++i) queued.push_back(remote(add)(i, i));
  cancel(queued);
  for (const auto& ref : queued) EXPECT_THAT(cancelled(ref), HasSubstr("it had not begun"));
  cancel(first, {.force = true});
  EXPECT_THAT(cancelled(first), HasSubstr("its worker was ended"));
  EXPECT_EQ(get(remote(add)(1, 2)), 3);
}

TEST_F(CancelTest, OneThatRunsIsAskedAndEndsAsItLikes) {
  open();
  const auto board = actor<Announcements>();
  const auto value = remote(until_asked)(board);
  const auto error = remote(until_asked_then_throws)(board);
  begun(board, 2);
  cancel(std::vector{value, error});
  EXPECT_EQ(get(value), 1);
  EXPECT_THROW(get(error), std::out_of_range);
  // The next call of the same worker was not asked.
  EXPECT_FALSE(get(remote([] { return this_task().cancelled(); })()));
}

TEST_F(CancelTest, ForceEndsAWorkerThatDoesNotListen) {
  open();
  const auto board = actor<Announcements>();
  for (auto* const task : {for_ever, for_ever_computing}) {
    const auto ref = remote(task)(board);
    const auto after = remote(add)(ref, 1);
    const int pid = begun(board, task == for_ever ? 1 : 2).back();
    cancel(ref);  // in vain
    cancel(ref, {.force = true});
    EXPECT_THAT(cancelled(ref), HasSubstr("its worker was ended"));
    EXPECT_THAT(cancelled(after), HasSubstr("cancelled"));
    EXPECT_TRUE(eventually([pid] { return ::kill(pid, 0) != 0; }));
  }
}

TEST_F(CancelTest, ForceEndsAWorkerThatIsStopped) {
  open();
  const auto board = actor<Announcements>();
  const auto ref = remote(for_ever)(board);
  ::kill(begun(board, 1).front(), SIGSTOP);
  cancel(ref, {.force = true});
  EXPECT_THAT(cancelled(ref), HasSubstr("its worker was ended"));
}

TEST_F(CancelTest, WhatIsDoneStaysAsItIs) {
  open();
  const auto value = remote(add)(1, 2);
  const auto put_value = put(7);
  EXPECT_EQ(get(value), 3);
  for (const bool force : {false, true}) {
    cancel(value, {.force = force});
    cancel(put_value, {.force = force});
  }
  EXPECT_EQ(get(value), 3);
  EXPECT_EQ(get(put_value), 7);
}

TEST_F(CancelTest, TwiceAndFromManyThreadsIsOnce) {
  open({.cpus = 1});
  const auto board = actor<Announcements>();
  const auto running = remote(for_ever)(board);
  begun(board, 1);
  const auto queued = remote(add)(1, 2);
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      cancel(queued);
      cancel(running, {.force = true});
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_THAT(cancelled(queued), HasSubstr("cancelled"));
  EXPECT_THAT(cancelled(running), HasSubstr("cancelled"));
}

TEST_F(CancelTest, AllResultsOfAnUnpackedCallAreCancelled) {
  open();
  const auto gate = actor<Gate>();
  const auto late = remote(pass)(gate, 5);
  auto [quotient, rest] =
      remote([](int a, int b) { return std::tuple(a / b, a % b); }).unpack()(late, 2);
  cancel(rest);
  EXPECT_THAT(cancelled(quotient), HasSubstr("cancelled"));
  EXPECT_THAT(cancelled(rest), HasSubstr("cancelled"));
  gate.post(&Gate::open);
}

// ------------------------------------------------------------------------------------------------ calls of actors

class Slow {
 public:
  int wait(const ActorHandle<Gate>& gate) {
    wait_at(gate);
    return ++calls_;
  }
  int until_asked() {
    while (!this_task().cancelled()) std::this_thread::yield();
    return ++calls_;
  }
  int count() { return ++calls_; }

 private:
  int calls_ = 0;
};

TEST_F(CancelTest, AnActorsCallsAreDroppedOrAskedAndTheOthersKeepTheirOrder) {
  open();
  const auto gate = actor<Gate>();
  const auto slow = actor<Slow>();
  const auto first = slow.call(&Slow::wait, gate);
  std::vector<ObjectRef<int>> calls;
  for (int i = 0; i < 100; ++i) calls.push_back(slow.call(&Slow::count));
  for (std::size_t i = 0; i < calls.size(); i += 2) cancel(calls[i]);
  // They are dropped while the first runs.
  for (std::size_t i = 0; i < calls.size(); i += 2) {
    EXPECT_THAT(cancelled(calls[i]), HasSubstr("it had not begun"));
  }
  gate.post(&Gate::open);
  EXPECT_EQ(get(first), 1);
  for (std::size_t i = 1; i < calls.size(); i += 2) {
    EXPECT_EQ(get(calls[i]), static_cast<int>(i) / 2 + 2);
  }
  const auto asked = slow.call(&Slow::until_asked);
  cancel(asked);  // dropped, or asked
  const auto outcome = get_each(std::vector{asked}).front();
  EXPECT_EQ(get(slow.call(&Slow::count)), outcome ? 53 : 52);
}

TEST_F(CancelTest, AnActorsCallBehindOneThatIsNotReadyIsDropped) {
  open();
  const auto gate = actor<Gate>();
  const auto slow = actor<Slow>();
  const auto late = remote(pass)(gate, 5);
  const auto waits = slow.call([](Slow&, int n) { return n; }, late);
  const auto behind = slow.call(&Slow::count);
  const auto last = slow.call(&Slow::count);
  cancel(behind);
  cancel(waits);
  EXPECT_THAT(cancelled(behind), HasSubstr("cancelled"));
  EXPECT_THAT(cancelled(waits), HasSubstr("cancelled"));
  EXPECT_EQ(get(last), 1);
  gate.post(&Gate::open);
}

TEST_F(CancelTest, AnActorsCallCannotBeForced) {
  open();
  const auto gate = actor<Gate>();
  const auto slow = actor<Slow>();
  const auto call = slow.call(&Slow::wait, gate);
  EXPECT_THAT(error_of<InvalidArgument>([&] { cancel(call, {.force = true}); }),
              HasSubstr("handle.kill()"));
  gate.post(&Gate::open);
  EXPECT_EQ(get(call), 1);
}

// ------------------------------------------------------------------------------------------------ children, others

int parent(ActorHandle<Announcements> board, bool listens) {
  const auto child = remote(listens ? until_asked : for_ever)(board);
  const auto queued = remote(add)(child, 1);
  get(board.call(&Announcements::begun, ::getpid()));
  while (!this_task().cancelled()) std::this_thread::yield();
  return get(child) + (get_each(std::vector{queued}).front() ? 0 : 10);
}

TEST_F(CancelTest, WhatATaskHasCalledIsCancelledWithIt) {
  open({.cpus = 2});
  const auto board = actor<Announcements>();
  const auto ref = remote(parent)(board, true);
  begun(board, 2);
  cancel(ref);
  // The child is asked, and ends with 1; what waited for it was dropped.
  EXPECT_EQ(get(ref), 11);
}

int cleans_up(ActorHandle<Announcements> board, ActorHandle<Gate> gate) {
  until_asked(board);
  const auto last = remote(pass)(gate, 7);
  get(board.call(&Announcements::begun, ::getpid()));
  return get(last);
}

TEST_F(CancelTest, WhatATaskCallsAfterItWasAskedIsNotCancelled) {
  open({.cpus = 2});
  const auto board = actor<Announcements>();
  for (std::size_t round = 0; round < 10; ++round) {
    const auto gate = actor<Gate>();
    const auto ref = remote(cleans_up)(board, gate);
    begun(board, 2 * round + 1);
    cancel(ref);
    begun(board, 2 * round + 2);
    for (int again = 0; again < 20; ++again) cancel(ref);
    gate.post(&Gate::open);
    EXPECT_EQ(get(ref), 7);
  }
}

TEST_F(CancelTest, WhatATaskHasCalledGoesOnIfItShall) {
  open({.cpus = 2});
  const auto board = actor<Announcements>();
  const auto gate = actor<Gate>();
  const auto ref = remote([](ActorHandle<Gate> at, ActorHandle<Announcements> to) {
    const auto child = remote(pass)(at, 4);
    get(to.call(&Announcements::begun, ::getpid()));
    while (!this_task().cancelled()) std::this_thread::yield();
    at.post(&Gate::open);
    return get(child);
  })(gate, board);
  begun(board, 1);
  cancel(ref, {.recursive = false});
  EXPECT_EQ(get(ref), 4);
}

TEST_F(CancelTest, ForceEndsTheWorkersOfWhatATaskHasCalled) {
  open({.cpus = 2});
  const auto board = actor<Announcements>();
  const auto ref = remote(parent)(board, false);
  const auto pids = begun(board, 2);
  cancel(ref, {.force = true});
  EXPECT_THAT(cancelled(ref), HasSubstr("its worker was ended"));
  for (const int pid : pids) EXPECT_TRUE(eventually([pid] { return ::kill(pid, 0) != 0; }));
}

TEST_F(CancelTest, OneWhoseCallerHasDiedIsAsked) {
  open({.cpus = 2});
  const auto board = actor<Announcements>();
  const auto done = actor<Announcements>();
  const auto ref = remote(
      [](ActorHandle<Announcements> to, ActorHandle<Announcements> end) {
        const auto child = remote([](ActorHandle<Announcements> b, ActorHandle<Announcements> e) {
          until_asked(b);
          get(e.call(&Announcements::begun, ::getpid()));
        })(to, end);
        for (;;) ::pause();  // not in get(), which would run it in place
      },
      {.max_retries = 0})(board, done);
  const auto pids = begun(board, 1);
  cancel(ref, {.force = true, .recursive = false});
  EXPECT_THAT(cancelled(ref), HasSubstr("cancelled"));
  EXPECT_EQ(begun(done, 1), pids);
}

TEST_F(CancelTest, FromAnotherProcess) {
  open({.cpus = 2});
  const auto board = actor<Announcements>();
  const auto running = remote(until_asked)(board);
  begun(board, 1);
  const auto gate = actor<Gate>();
  const auto waiting = remote(add)(remote(pass)(gate, 5), 1);
  get(remote([](const std::vector<ObjectRef<int>>& refs) { cancel(refs); })(
      std::vector{running, waiting}));
  EXPECT_EQ(get(running), 1);
  EXPECT_THAT(cancelled(waiting), HasSubstr("cancelled"));
  gate.post(&Gate::open);
}

TEST_F(CancelTest, ACallOfAnActorFromAnotherProcessIsAskedEvenWithForce) {
  open({.cpus = 2});
  const auto slow = actor<Slow>();
  const auto running = slow.call(&Slow::until_asked);
  get(remote([](const std::vector<ObjectRef<int>>& refs) { cancel(refs, {.force = true}); })(
      std::vector{running}));
  const auto outcome = get_each(std::vector{running}).front();
  EXPECT_EQ(get(slow.call(&Slow::count)), outcome ? 2 : 1);
}

// ------------------------------------------------------------------------------------------------ wrong uses, races

TEST_F(CancelTest, WrongUses) {
  ObjectRef<int> old;
  EXPECT_THROW(cancel(old), InvalidArgument);
  {
    open();
    old = remote(add)(1, 2);
    get(old);
    close();
  }
  EXPECT_THROW(cancel(old), InvalidArgument);
  open();
  EXPECT_THROW(cancel(old), InvalidArgument);
  EXPECT_THROW(cancel(std::vector{remote(add)(1, 2), ObjectRef<int>()}), InvalidArgument);
  EXPECT_THROW(this_task().cancelled(), InvalidArgument);
}

// Whether a call is dropped, asked, killed or done when it is cancelled is a matter of chance here; never both of a
// value and Cancelled, never neither.
TEST_F(CancelTest, RacesHaveOneWinner) {
  open({.cpus = 2});
  const auto slow = actor<Slow>();
  std::mt19937 random(7);
  std::size_t values = 0;
  std::size_t dropped = 0;
  const std::size_t rounds = 100;
  const std::size_t calls = 1000;
  for (std::size_t round = 0; round < rounds; ++round) {
    std::vector<ObjectRef<int>> refs;
    for (std::size_t i = 0; i < calls; ++i) {
      const int n = static_cast<int>(i);
      switch (random() % 4) {
        case 0:
          refs.push_back(remote(add)(n, 1));
          break;
        case 1:
          refs.push_back(remote(add)(remote(add)(n, 0), 1));
          break;
        case 2:
          refs.push_back(slow.call([](Slow&, int x) { return x + 1; }, n));
          break;
        default:
          refs.push_back(remote([](int x) { return get(remote(add)(x, 1)); })(n));
      }
      if (random() % 4 == 0) cancel(refs[random() % refs.size()]);
    }
    std::shuffle(refs.begin(), refs.end(), random);
    std::thread other([&refs] {
      for (std::size_t i = 0; i < refs.size(); i += 3) cancel(refs[i]);
    });
    for (std::size_t i = 1; i < refs.size(); i += 3) cancel(refs[i]);
    other.join();
    for (const auto& outcome : get_each(refs)) {
      if (outcome) {
        ++values;
        continue;
      }
      EXPECT_THROW(outcome.value(), Cancelled);
      ++dropped;
    }
  }
  EXPECT_EQ(values + dropped, rounds * calls);
  EXPECT_GT(values, 0U);
  EXPECT_GT(dropped, 0U);
}

// ------------------------------------------------------------------------------------------------ deadlines

// A call that began before its deadline, however slow the machine is: `call(deadline)` makes one. Gives its process.
template <class Call>
std::pair<ObjectRef<int>, int> begun_in_time(const ActorHandle<Announcements>& board, Call call) {
  const std::size_t before = get(board.call(&Announcements::all)).size();
  for (auto deadline = 100ms;; deadline *= 2) {
    const ObjectRef<int> ref = call(deadline);
    for (bool over = false; !over;) {
      over = ref.ready();
      const std::vector<int> all = get(board.call(&Announcements::all));
      if (all.size() > before) return {ref, all.back()};
    }
  }
}

TEST_F(CancelTest, ADeadlineEndsATaskInEachState) {
  open({.cpus = 1});
  const auto board = actor<Announcements>();
  const auto gate = actor<Gate>();
  const auto [runs, pid] = begun_in_time(
      board, [&](auto deadline) { return remote(for_ever, {.deadline = deadline})(board); });
  const auto queued = remote(add, {.deadline = 1ms})(1, 2);
  const auto late = remote(pass, {.cpus = 0})(gate, 5);
  const auto waits = remote(add, {.deadline = 1ms})(late, 2);
  EXPECT_THAT(error_of<DeadlineExceeded>([&] { get(queued); }),
              HasSubstr("add did not end within its deadline of 0.001 s: it waited to be sent"));
  EXPECT_THAT(error_of<DeadlineExceeded>([&] { get(waits); }),
              HasSubstr("it waited for its arguments"));
  EXPECT_THAT(error_of<DeadlineExceeded>([&] { get(runs); }), HasSubstr("it was running"));
  EXPECT_TRUE(eventually([process = pid] { return ::kill(process, 0) != 0; }));
  EXPECT_THROW(get(remote(add)(runs, 1)), DeadlineExceeded);
  EXPECT_EQ(get(remote(add)(1, 2)), 3);
  gate.post(&Gate::open);
  EXPECT_EQ(get(late), 5);
}

TEST_F(CancelTest, ADeadlineEndsATaskWhoseWorkerIsStopped) {
  open();
  const auto board = actor<Announcements>();
  const auto [ref, pid] = begun_in_time(
      board, [&](auto deadline) { return remote(for_ever, {.deadline = deadline})(board); });
  ::kill(pid, SIGSTOP);
  EXPECT_THROW(get(ref), DeadlineExceeded);
  EXPECT_TRUE(eventually([process = pid] { return ::kill(process, 0) != 0; }));
}

TEST_F(CancelTest, ADeadlineThatIsKeptChangesNothing) {
  open();
  std::vector<ObjectRef<int>> refs;
  const auto quick = remote(add, {.deadline = 1h});
  for (int i = 0; i < 1000; ++i) refs.push_back(quick(i, 1));
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(get(refs[static_cast<std::size_t>(i)]), i + 1);
  EXPECT_EQ(get(remote(add, {.deadline = std::chrono::hours::max()})(1, 2)), 3);
  EXPECT_THROW(get(remote(add, {.deadline = 0s})(1, 2)), DeadlineExceeded);
}

TEST_F(CancelTest, ADeadlineOfAnActorsCallLeavesTheActor) {
  open();
  const auto slow = actor<Slow>();
  const auto gate = actor<Gate>();
  const auto first = slow.call(&Slow::wait, gate);
  const auto behind = slow.with({.deadline = 10ms}).call(&Slow::count);
  EXPECT_THAT(error_of<DeadlineExceeded>([&] { get(behind); }),
              HasSubstr("its deadline of 0.01 s"));
  gate.post(&Gate::open);
  EXPECT_EQ(get(first), 1);
  const auto board = actor<Announcements>();
  const auto [asked, pid] = begun_in_time(board, [&](auto deadline) {
    return slow.with({.deadline = deadline})
        .call(
            [](Slow& self, ActorHandle<Announcements> to) {
              get(to.call(&Announcements::begun, ::getpid()));
              return self.until_asked();
            },
            board);
  });
  EXPECT_THROW(get(asked), DeadlineExceeded);
  EXPECT_GE(get(slow.call(&Slow::count)), 3);  // it lives
}

TEST_F(CancelTest, ANestedCallWithADeadlineEndsAlone) {
  open({.cpus = 1});
  const auto board = actor<Announcements>();
  EXPECT_EQ(get(remote([](ActorHandle<Announcements> to) {
              try {
                get(remote(for_ever, {.deadline = 100ms})(to));
              } catch (const DeadlineExceeded&) {
                return this_task().attempt();
              }
              return 0;
            })(board)),
            1);
}

// ------------------------------------------------------------------------------------------------ dropped refs

// What is written to the standard error until its end.
class StandardError {
 public:
  StandardError() : file_(std::tmpfile()), saved_(::dup(STDERR_FILENO)) {
    ::dup2(::fileno(file_), STDERR_FILENO);
  }
  ~StandardError() {
    ::dup2(saved_, STDERR_FILENO);
    ::close(saved_);
    std::fclose(file_);
  }
  StandardError(const StandardError&) = delete;
  std::string text() const {
    std::string all(4096, '\0');
    const auto size = ::pread(::fileno(file_), all.data(), all.size(), 0);
    all.resize(static_cast<std::size_t>(std::max<ssize_t>(size, 0)));
    return all;
  }

 private:
  std::FILE* const file_;
  const int saved_;
};

// Ten seconds: that is when it is said.
TEST_F(CancelTest, ACallThatRunsForLongAndWhoseRefsWereDroppedIsSaid) {
  open({.resources = {{"seat", 1}}});
  const auto gate = actor<Gate>();
  const auto waited_for = remote(pass, {.name = "waited_for"})(gate, 1);
  static_cast<void>(remote(pass, {.name = "dropped", .resources = {{"seat", 1}}})(gate, 2));
  std::string text;
  {
    const StandardError log;
    EXPECT_TRUE(eventually([&] {
      text = log.text();
      return text.find('\n') != std::string::npos;
    }));
  }
  EXPECT_THAT(text, HasSubstr("manta: dropped has been running for 1"));
  EXPECT_THAT(text, HasSubstr("all refs to its result were dropped"));
  EXPECT_THAT(text, Not(HasSubstr("waited_for")));
  const auto next = remote(add, {.resources = {{"seat", 1}}})(1, 1);
  EXPECT_TRUE(eventually([&] {
    text = next.why();
    return text.find(
               "1 seat free; 1 call runs though all refs to the result were dropped: "
               "dropped") != std::string::npos;
  })) << text;
  gate.post(&Gate::open);
  EXPECT_EQ(get(next), 2);
  EXPECT_EQ(get(waited_for), 1);
}

}  // namespace
}  // namespace manta::testing
