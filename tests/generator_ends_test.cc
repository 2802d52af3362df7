// How generators end before their time: streams that are dropped or cancelled, deadlines, crashes of either side, and
// all of it at any moment.
#include <algorithm>
#include <csignal>
#include <memory>
#include <optional>
#include <random>
#include <stdexcept>
#include <string>
#include <thread>
#include <unistd.h>
#include <utility>
#include <vector>

#include <gmock/gmock.h>

#include "cluster_fixture.h"
#include "error_of.h"
#include "gate.h"
#include "generator_board.h"
#include "node_records.h"

namespace manta::testing {
namespace {

using ::testing::AnyOf;
using ::testing::HasSubstr;

using namespace std::chrono_literals;

class GeneratorEnds : public ClusterTest {
 protected:
  void expect_ends(const ActorHandle<Board>& board, int count) {
    EXPECT_TRUE(eventually([&] { return get(board.call(&Board::ended)) >= count; }));
    EXPECT_EQ(get(board.call(&Board::ended)), count);
  }
};

// ------------------------------------------------------------------------------------------------ dropped, cancelled

TEST_F(GeneratorEnds, OneWhoseStreamIsDroppedEndsAtItsNextItem) {
  open();
  const auto board = actor<Board>();
  int ended = 0;
  for (const std::size_t most : {0U, 1U, 5U}) {
    {
      auto stream = remote(for_ever, {.max_buffered = most})(board);
      EXPECT_EQ(get(*stream.next()), 0);
      EXPECT_EQ(get(*stream.next()), 1);
    }
    expect_ends(board, ++ended);
  }
  {
    auto assigned = remote(for_ever)(board);
    EXPECT_EQ(get(*assigned.next()), 0);
    assigned = remote(for_ever)(board);
    EXPECT_EQ(get(*assigned.next()), 0);
  }
  expect_ends(board, ended + 2);
}

TEST_F(GeneratorEnds, OneThatHasNotBegunNeverBegins) {
  open({.cpus = 1});
  const auto board = actor<Board>();
  const auto gate = actor<Gate>();
  {
    auto running = remote(for_ever, {.max_buffered = 1})(board);
    EXPECT_EQ(get(*running.next()), 0);
    const auto late = remote(pass)(gate, 5);
    auto waiting = remote(counted)(board, 1);
    auto behind = remote(counted)(board, late);
    (void)waiting;
    (void)behind;
  }
  gate.post(&Gate::open);
  EXPECT_EQ(get(remote(pass)(gate, 1)), 1);
  EXPECT_TRUE(eventually([&] { return get(board.call(&Board::ended)) >= 1; }));
  EXPECT_LE(get(board.call(&Board::made)), 1);  // of `waiting`, if it had begun
}

Generator<int> listens(ActorHandle<Board> board) {
  const Ends ends(board);
  co_yield 0;
  while (!this_task().cancelled()) std::this_thread::yield();
  co_yield 1;
}

TEST_F(GeneratorEnds, ACancelledOneGivesWhatItHasGiven) {
  open();
  const auto board = actor<Board>();
  auto stream = remote(for_ever)(board);
  EXPECT_EQ(get(*stream.next()), 0);
  stream.cancel();
  stream.cancel();
  int expected = 1;
  std::optional<ObjectRef<int>> last;
  while (auto ref = stream.next()) {
    EXPECT_FALSE(last) << "the error is the last";
    const auto outcome = get_each(std::vector{*ref}).front();
    if (outcome) {
      EXPECT_EQ(outcome.value(), expected++);
    } else {
      last = ref;
    }
  }
  ASSERT_TRUE(last);
  EXPECT_THAT(error_of<Cancelled>([&] { get(*last); }), HasSubstr("for_ever was cancelled"));
  expect_ends(board, 1);
  auto one = remote(listens)(board);
  EXPECT_EQ(get(*one.next()), 0);
  one.cancel();
  EXPECT_THAT(error_of<Cancelled>([&] {
                while (auto ref = one.next()) get(*ref);
              }),
              HasSubstr("cancelled"));
  EXPECT_FALSE(one.next());
  expect_ends(board, 2);
}

TEST_F(GeneratorEnds, CancelOfWhatIsUpcomingIsCancelOfTheStream) {
  open();
  const auto board = actor<Board>();
  auto stream = remote(listens)(board);
  EXPECT_EQ(get(*stream.next()), 0);
  cancel(stream.upcoming());
  const auto outcomes = [&] {
    std::vector<ObjectRef<int>> refs;
    while (auto ref = stream.next()) refs.push_back(*ref);
    return get_each(refs);
  }();
  ASSERT_FALSE(outcomes.empty());
  EXPECT_THROW(outcomes.back().value(), Cancelled);
}

Generator<int> calls_another(ActorHandle<Board> board) {
  const Ends ends(board);
  for (const auto& ref : remote(for_ever, {.max_buffered = 2})(board)) {
    co_yield get(ref);
  }
}

TEST_F(GeneratorEnds, WhatItHasCalledEndsWithIt) {
  open();
  const auto board = actor<Board>();
  {
    auto stream = remote(calls_another)(board);
    EXPECT_EQ(get(*stream.next()), 0);
  }
  expect_ends(board, 2);
}

TEST_F(GeneratorEnds, ADeadlineEndsIt) {
  open();
  const auto board = actor<Board>();
  auto stream = remote(for_ever, {.deadline = 200ms, .max_buffered = 2})(board);
  EXPECT_THAT(error_of<DeadlineExceeded>([&] {
                while (auto ref = stream.next()) get(*ref);
              }),
              HasSubstr("for_ever did not end within its deadline"));
  EXPECT_FALSE(stream.next());
}

// ------------------------------------------------------------------------------------------------ crashes

struct Numbered {
  int number = 0;
  ObjectRef<int> ref;
  Array<int> array;
};

// Dies after `items` of them, in its first attempts.
Generator<Numbered> dies_after(int items, int attempts, int n) {
  for (int i = 0; i < n; ++i) {
    if (i == items && this_task().attempt() <= attempts) ::kill(::getpid(), SIGKILL);
    Numbered item;
    item.number = i;
    item.ref = put(i);
    item.array = full<int>(10'000, i);
    co_yield item;
  }
}

TEST_F(GeneratorEnds, ARetryGoesOnWithoutRepeating) {
  open({.log_to_driver = false});
  for (const std::size_t most : {0U, 1U, 3U}) {
    for (const int items : {0, 1, 5, 20}) {
      int expected = 0;
      const auto dies = remote(dies_after, {.max_retries = 3, .max_buffered = most});
      for (const auto& ref : dies(items, 3, 20)) {
        const Numbered item = get(ref);
        EXPECT_EQ(item.number, expected);
        EXPECT_EQ(get(item.ref), expected);
        EXPECT_EQ(item.array[9'999], expected);
        ++expected;
      }
      EXPECT_EQ(expected, 20);
    }
  }
}

TEST_F(GeneratorEnds, AfterTheLastRetryTheErrorIsTheLastRef) {
  open({.log_to_driver = false});
  auto stream = remote(dies_after, {.max_retries = 1})(4, 9, 20);
  for (int i = 0; i < 4; ++i) EXPECT_EQ(get(*stream.next()).number, i);
  EXPECT_THAT(error_of<WorkerCrashed>([&] { get(*stream.next()); }), HasSubstr("dies_after"));
  EXPECT_FALSE(stream.next());
}

Generator<int> throws_at_first(int items, int n) {
  for (int i = 0; i < n; ++i) {
    if (i == items && this_task().attempt() == 1) throw std::out_of_range("at first");
    co_yield i;
  }
}

TEST_F(GeneratorEnds, ARetryAfterAnExceptionDoesNotRepeatEither) {
  open();
  std::vector<int> all;
  for (const auto& ref : remote(throws_at_first, {.retry_exceptions = true})(3, 6)) {
    all.push_back(get(ref));
  }
  EXPECT_EQ(all, (std::vector{0, 1, 2, 3, 4, 5}));
}

// Reads a few items, then dies with the stream.
int reads_and_dies(ActorHandle<Board> board, std::size_t most) {
  auto stream = remote(for_ever, {.max_buffered = most})(board);
  for (int i = 0; i < 3; ++i) get(*stream.next());
  ::kill(::getpid(), SIGKILL);
  return 0;
}

TEST_F(GeneratorEnds, OneWhoseReaderDiesEnds) {
  open({.log_to_driver = false});
  const auto board = actor<Board>();
  int ended = 0;
  for (const std::size_t most : {0U, 1U, 4U}) {
    EXPECT_THROW(get(remote(reads_and_dies, {.max_retries = 0})(board, most)), WorkerCrashed);
    expect_ends(board, ++ended);
  }
}

class Yielding {
 public:
  Generator<int> for_ever(ActorHandle<Board> board) {
    const Ends ends(board);
    for (int i = 0;; ++i) {
      co_yield i;
    }
  }
  Generator<int> dies_after(int items) {
    for (int i = 0; i < items; ++i) {
      co_yield i;
    }
    ::kill(::getpid(), SIGKILL);
  }
  int one() const { return 1; }
};

int reads_an_actor_and_dies(ActorHandle<Yielding> yielding, ActorHandle<Board> board,
                            std::size_t most) {
  auto stream = yielding.with({.max_buffered = most}).call(&Yielding::for_ever, board);
  for (int i = 0; i < 3; ++i) get(*stream.next());
  ::kill(::getpid(), SIGKILL);
  return 0;
}

TEST_F(GeneratorEnds, SoDoesAMethod) {
  open({.log_to_driver = false});
  const auto board = actor<Board>();
  const auto yielding = actor<Yielding>();
  int ended = 0;
  for (const std::size_t most : {0U, 1U}) {
    const auto dies = remote(reads_an_actor_and_dies, {.max_retries = 0})(yielding, board, most);
    EXPECT_THROW(get(dies), WorkerCrashed);
    EXPECT_EQ(get(yielding.call(&Yielding::one)), 1);
    expect_ends(board, ++ended);
  }
}

TEST_F(GeneratorEnds, AnActorThatDiesIsTheLastRef) {
  open({.log_to_driver = false});
  for (const bool killed : {true, false}) {
    const auto board = actor<Board>();
    const auto yielding = actor<Yielding>();
    auto stream = killed ? yielding.with({.max_buffered = 4}).call(&Yielding::for_ever, board)
                         : yielding.call(&Yielding::dies_after, 4);
    for (int i = 0; i < 2; ++i) EXPECT_EQ(get(*stream.next()), i);
    if (killed) yielding.kill();
    std::size_t more = 0;
    EXPECT_THAT(error_of<ActorDied>([&] {
                  while (auto ref = stream.next()) {
                    get(*ref);
                    ++more;
                  }
                }),
                HasSubstr("died"));
    if (!killed) {  // else it gives more, as they are taken, until it dies
      EXPECT_EQ(more, 2U);
    }
    EXPECT_FALSE(stream.next());
  }
}

// ------------------------------------------------------------------------------------------------ sessions

Generator<int> endless() {
  for (int i = 0;; ++i) {
    co_yield i;
  }
}

TEST_F(GeneratorEnds, AStreamMayOutliveItsSession) {
  open();
  auto stream = remote(endless, {.max_buffered = 3})();
  EXPECT_EQ(get(*stream.next()), 0);
  node_records_are_not_checked();  // the stream is there
  close();
  const auto ended = [&] { return error_of<InvalidArgument>([&] { (void)stream.next(); }); };
  EXPECT_THAT(ended(), HasSubstr("has ended"));
  open();
  EXPECT_THAT(ended(), HasSubstr("has ended"));
  EXPECT_THROW(stream.cancel(), InvalidArgument);
  EXPECT_THROW((void)stream.upcoming(), InvalidArgument);
  const auto other = std::move(stream);
}

TEST_F(GeneratorEnds, AReaderThatWaitsIsToldThatTheSessionEnds) {
  auto session = init({.cpus = 2});
  auto stream = remote([]() -> Generator<int> {
    co_yield 1;
    while (!this_task().cancelled()) std::this_thread::yield();
  })();
  EXPECT_EQ(get(*stream.next()), 1);
  std::string text;
  std::thread reader([&] { text = error_of<InvalidArgument>([&] { (void)stream.next(); }); });
  session.shutdown();
  reader.join();
  EXPECT_THAT(text, AnyOf(HasSubstr("shut down"), HasSubstr("has ended")));
}

// ------------------------------------------------------------------------------------------------ races

Generator<Numbered> quick(int n, int fails_at) {
  for (int i = 0; i < n; ++i) {
    if (i == fails_at) throw std::out_of_range("it fails");
    Numbered item;
    item.number = i;
    item.ref = put(i);
    item.array = full<int>(i % 7 == 0 ? 10'000 : 10, i);
    co_yield item;
  }
}

class Quick {
 public:
  Generator<Numbered> run(int n, int fails_at) { return quick(n, fails_at); }
};

// Whether a stream has ended, failed, or is under way when it is cancelled or dropped is a matter of chance here. What
// comes is always the first items, in order, and then at most one error.
TEST_F(GeneratorEnds, Races) {
  open({.cpus = 2});
  const auto made = actor<Quick>();
  std::mt19937 random(11);
  const auto below = [&random](int n) {
    return static_cast<int>(random() % static_cast<unsigned>(n));
  };
  std::size_t cancelled = 0, failed = 0, whole = 0;
  for (int round = 0; round < 300; ++round) {
    const int n = below(40), fails_at = below(3) == 0 ? below(40) : -1;
    const auto most = static_cast<std::size_t>(below(4));
    auto stream = below(3) == 0 ? made.with({.max_buffered = most}).call(&Quick::run, n, fails_at)
                                : remote(quick, {.max_buffered = most})(n, fails_at);
    const int cancel_at = below(2) == 0 ? below(20) : -1;
    const int drop_at = below(4) == 0 ? below(20) : -1;
    std::vector<ObjectRef<Numbered>> refs;
    std::thread other;
    for (int i = 0;; ++i) {
      if (i == cancel_at && below(2) == 0) stream.cancel();
      if (i == cancel_at) {
        other = std::thread([upcoming = stream.upcoming()] { cancel(upcoming); });
      }
      if (i == drop_at) break;
      auto ref = stream.next();
      if (!ref) break;
      refs.push_back(*std::move(ref));
    }
    if (other.joinable()) other.join();
    const auto dropped = std::make_optional(std::move(stream));
    const auto outcomes = get_each(refs);
    for (std::size_t i = 0; i < outcomes.size(); ++i) {
      if (outcomes[i]) {
        EXPECT_EQ(outcomes[i].value().number, static_cast<int>(i));
        continue;
      }
      EXPECT_EQ(i + 1, outcomes.size()) << "an error is the last";
      try {
        outcomes[i].value();
      } catch (const Cancelled&) {
        ++cancelled;
        EXPECT_GE(cancel_at, 0);
      } catch (const std::out_of_range&) {
        ++failed;
        EXPECT_EQ(static_cast<int>(i), fails_at);
      }
    }
    if (drop_at < 0 && outcomes.size() == static_cast<std::size_t>(n)) ++whole;
  }
  EXPECT_GT(cancelled, 0U);
  EXPECT_GT(failed, 0U);
  EXPECT_GT(whole, 0U);
}

// Readers and generators that are killed at any moment: nothing is left, as the fixture sees.
TEST_F(GeneratorEnds, DeathsAtAnyMoment) {
  open({.cpus = 2, .log_to_driver = false});
  std::mt19937 random(13);
  for (int round = 0; round < 12; ++round) {
    std::vector<ObjectRef<int>> sums;
    for (int i = 0; i < 4; ++i) {
      sums.push_back(remote(
          [](std::size_t most) {
            int sum = 0;
            const auto read = remote(quick, {.max_retries = -1, .max_buffered = most});
            for (const auto& ref : read(60, -1)) sum += get(get(ref).ref);
            return sum;
          },
          {.max_retries = -1})(random() % 4));
    }
    for (int kills = 0; kills < 3; ++kills) {
      const auto processes = processes_of(node_pid());
      const int pid = std::stoi(processes[random() % processes.size()]);
      if (pid != node_pid()) ::kill(pid, SIGKILL);
      for (auto i = random() % 2000; i > 0; --i) std::this_thread::yield();
    }
    for (const auto& sum : sums) EXPECT_EQ(get(sum), 1770);
  }
}

}  // namespace
}  // namespace manta::testing
