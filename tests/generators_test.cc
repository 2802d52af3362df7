// Generators: a ref for each item, before the call ends; all of it in a session with workers and in a local one.
#include <cstdlib>
#include <map>
#include <memory>
#include <numeric>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>

#include "cluster_fixture.h"
#include "error_of.h"
#include "gate.h"
#include "generator_board.h"

namespace manta::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

Generator<int> numbers(int n) {
  for (int i = 0; i < n; ++i) {
    co_yield i;
  }
}

// With workers, or in the driver.
class Generators : public ClusterTest, public ::testing::WithParamInterface<bool> {
 protected:
  void SetUp() override {
    if (GetParam()) ::setenv("MANTA_LOCAL", "1", 1);
    ClusterTest::SetUp();
  }
  void TearDown() override {
    ClusterTest::TearDown();
    ::unsetenv("MANTA_LOCAL");
  }
};
INSTANTIATE_TEST_SUITE_P(In, Generators, ::testing::Bool(),
                         [](const auto& mode) { return mode.param ? "ALocalSession" : "Workers"; });

template <class T>
std::vector<T> all_of(ObjectRefStream<T> stream) {
  std::vector<T> all;
  for (const auto& ref : stream) all.push_back(get(ref));
  return all;
}

// ------------------------------------------------------------------------------------------------ refs

Generator<std::string> two_words(ActorHandle<Gate> gate) {
  co_yield std::string("first");
  wait_at(gate);
  co_yield "second";
}

TEST_P(Generators, ARefComesBeforeTheCallEnds) {
  open();
  const auto gate = actor<Gate>();
  auto words = remote(two_words)(gate);
  const auto first = words.next();
  ASSERT_TRUE(first);
  EXPECT_TRUE(first->ready());
  EXPECT_EQ(get(*first), "first");
  gate.post(&Gate::open);
  const auto second = words.next();
  ASSERT_TRUE(second);
  EXPECT_EQ(get(*second), "second");
  EXPECT_FALSE(words.next());
  EXPECT_FALSE(words.next());
  EXPECT_EQ(words.begin(), words.end());
}

TEST_P(Generators, AStreamIsARange) {
  open();
  EXPECT_THAT(all_of(remote(numbers)(4)), ElementsAre(0, 1, 2, 3));
  EXPECT_THAT(all_of(remote(numbers)(0)), SizeIs(0));
  auto stream = remote(numbers)(5);
  EXPECT_EQ(get(*stream.next()), 0);
  for (const auto& ref : stream) {  // goes on behind it
    EXPECT_EQ(get(ref), 1);
    break;
  }
  EXPECT_EQ(get(*stream.next()), 2);
  auto moved = std::move(stream);
  EXPECT_EQ(get(*moved.next()), 3);
  // NOLINTNEXTLINE(bugprone-use-after-move): what is tested
  EXPECT_THAT(error_of<InvalidArgument>([&] { (void)stream.next(); }), HasSubstr("moved"));
  stream = std::move(moved);
  EXPECT_EQ(get(*stream.next()), 4);
}

TEST_P(Generators, AGeneratorThatIsCalledAsAFunctionRunsHere) {
  std::vector<int> all;
  for (const int x : numbers(3)) all.push_back(x);
  EXPECT_THAT(all, ElementsAre(0, 1, 2));
  auto unused = numbers(3);  // is destroyed where it stands
  auto other = std::move(unused);
  EXPECT_TRUE(other.advance());
  EXPECT_EQ(other.item(), 0);
}

TEST_P(Generators, RefsOutliveTheirStreamAndArePassedOn) {
  open();
  std::vector<ObjectRef<int>> refs;
  {
    auto stream = remote(numbers)(10);
    for (const auto& ref : stream) refs.push_back(ref);
  }
  const auto sum = remote(
      [](const std::vector<int>& all) { return std::accumulate(all.begin(), all.end(), 0); })(refs);
  EXPECT_EQ(get(sum), 45);
  const auto third = remote([](const ObjectRef<int>& ref) { return get(ref); })(refs[3]);
  EXPECT_EQ(get(third), 3);
  EXPECT_THAT(wait(refs, {.num_ready = 10}).ready, SizeIs(10));
}

struct Mixed {
  std::string name;
  std::vector<std::shared_ptr<int>> shared;
  Array<double> array;
  ObjectRef<int> ref;
  ActorHandle<Gate> gate;
};

Generator<Mixed> mixed(ActorHandle<Gate> gate, int n) {
  for (int i = 0; i < n; ++i) {
    Mixed item;
    item.name = std::string(static_cast<std::size_t>(i % 2 == 0 ? 100'000 : 10), 'x');
    item.shared.assign(3, std::make_shared<int>(i));
    item.array = full<double>(i % 3 == 0 ? 100'000 : 10, i);
    item.ref = put(i);
    item.gate = gate;
    co_yield item;
  }
}

TEST_P(Generators, AnItemIsAnyValue) {
  open();
  const auto gate = actor<Gate>();
  int i = 0;
  for (const auto& ref : remote(mixed)(gate, 12)) {
    const Mixed item = get(ref);
    EXPECT_THAT(item.name, SizeIs(i % 2 == 0 ? 100'000 : 10));
    EXPECT_EQ(item.shared[0], item.shared[2]);
    EXPECT_EQ(*item.shared[0], i);
    EXPECT_EQ(item.array[9], i);
    EXPECT_EQ(get(item.ref), i);
    EXPECT_EQ(item.gate, gate);
    ++i;
  }
  EXPECT_EQ(i, 12);
}

Generator<MutableArray<int>> arrays(int n, int size) {
  for (int i = 0; i < n; ++i) {
    co_yield full<int>(static_cast<std::size_t>(size), i);
  }
}

TEST_P(Generators, ArraysAreSealedInPlace) {
  open();
  int i = 0;
  for (const ObjectRef<Array<int>>& ref : remote(arrays)(8, 1'000'000)) {
    const auto one = get(ref), again = get(ref);
    EXPECT_TRUE(same_storage(one, again));
    EXPECT_EQ(one[999'999], i++);
  }
  EXPECT_EQ(i, 8);
}

TEST_P(Generators, HundredThousandItems) {
  open();
  long sum = 0;
  int count = 0;
  for (const auto& ref : remote(numbers)(100'000)) {
    sum += get(ref);
    ++count;
  }
  EXPECT_EQ(count, 100'000);
  EXPECT_EQ(sum, 4'999'950'000L);
}

// ------------------------------------------------------------------------------------------------ callables, arguments

Generator<std::string> words_of(const std::string& text, const std::vector<double>& weights) {
  for (const double weight : weights) {
    co_yield text + std::to_string(static_cast<int>(weight));
  }
}

TEST_P(Generators, ArgumentsLiveAsLongAsTheCall) {
  open();
  const auto text = put(std::string(100'000, 'a'));
  const auto all = all_of(remote(words_of)(text, full<double>(3, 7.0).freeze()));
  EXPECT_THAT(all, SizeIs(3));
  EXPECT_EQ(all[2], std::string(100'000, 'a') + "7");
}

TEST_P(Generators, OfCallablesOfAllKinds) {
  open();
  const auto lambda = [](int n) -> Generator<int> {
    for (int i = 0; i < n; ++i) {
      co_yield 10 * i;
    }
  };
  EXPECT_THAT(all_of(remote(lambda)(3)), ElementsAre(0, 10, 20));
  EXPECT_THAT(all_of(remote<numbers>(2)), ElementsAre(0, 1));
  const auto captured = capture(
      [](const std::string& prefix, int n) -> Generator<std::string> {
        for (int i = 0; i < n; ++i) {
          co_yield prefix + std::to_string(i);
        }
      },
      std::string("n"));
  EXPECT_THAT(all_of(remote(captured)(2)), ElementsAre("n0", "n1"));
  const RemoteFunction<Generator<int>(int)> erased = remote(lambda, {.max_buffered = 1});
  EXPECT_THAT(all_of(erased(2)), ElementsAre(0, 10));
  const auto sum = remote([](const RemoteFunction<Generator<int>(int)>& f) {
    int all = 0;
    for (const auto& ref : f(4)) all += get(ref);
    return all;
  })(erased);
  EXPECT_EQ(get(sum), 60);
  const auto named = manta::named<"numbers", numbers>();
  EXPECT_THAT(all_of(remote(named)(2)), ElementsAre(0, 1));
  EXPECT_THAT(all_of(remote_named<Generator<int>(int)>("numbers")(2)), ElementsAre(0, 1));
  const auto wrong = remote_named<int(int)>("numbers")(2);
  EXPECT_THAT(error_of<SerializationError>([&] { get(wrong); }), HasSubstr("stream<i32>"));
}

TEST_P(Generators, AFailedArgumentIsTheEnd) {
  open();
  const auto bad = remote([]() -> int { throw std::out_of_range("no number"); })();
  auto stream = remote(numbers)(bad);
  const auto last = stream.next();
  ASSERT_TRUE(last);
  EXPECT_THROW(get(*last), std::out_of_range);
  EXPECT_FALSE(stream.next());
}

// ------------------------------------------------------------------------------------------------ errors

Generator<int> throws_after(int n) {
  for (int i = 0; i < n; ++i) {
    co_yield i;
  }
  throw std::out_of_range("after " + std::to_string(n));
}

TEST_P(Generators, AnExceptionComesAfterTheValues) {
  open();
  for (const int n : {0, 1, 3}) {
    std::vector<ObjectRef<int>> refs;
    for (const auto& ref : remote(throws_after)(n)) refs.push_back(ref);
    ASSERT_THAT(refs, SizeIs(n + 1));
    for (int i = 0; i < n; ++i) EXPECT_EQ(get(refs[static_cast<std::size_t>(i)]), i);
    const auto text = error_of<TaskErrorOf<std::out_of_range>>([&] { get(refs.back()); });
    EXPECT_THAT(text, HasSubstr("after " + std::to_string(n)));
    EXPECT_THAT(text, HasSubstr("throws_after"));
  }
}

Generator<int> throws_before_its_body() { throw std::logic_error("no coroutine"); }

struct FailsToTravel {
  int value = 0;
  std::tuple<int> manta_reduce() const {
    if (value == 2) throw std::domain_error("two");
    return {value};
  }
  explicit FailsToTravel(int number) : value(number) {}
};
Generator<FailsToTravel> fail_to_travel() {
  for (int i = 0; i < 5; ++i) {
    co_yield FailsToTravel(i);
  }
}

TEST_P(Generators, SoDoesOneFromElsewhere) {
  open();
  auto none = remote(throws_before_its_body)();
  EXPECT_THROW(get(*none.next()), std::logic_error);
  EXPECT_FALSE(none.next());
  auto stream = remote(fail_to_travel)();
  EXPECT_EQ(get(*stream.next()).value, 0);
  EXPECT_EQ(get(*stream.next()).value, 1);
  EXPECT_THROW(get(*stream.next()), std::domain_error);
  EXPECT_FALSE(stream.next());
}

// ------------------------------------------------------------------------------------------------ back-pressure

TEST_P(Generators, OneThatIsAheadWaits) {
  open();
  const auto board = actor<Board>();
  const std::size_t most = 3;
  auto stream = remote(counted, {.max_buffered = most})(board, 20);
  for (int taken = 0; taken < 20; ++taken) {
    const int wanted = std::min(20, taken + static_cast<int>(most));
    EXPECT_TRUE(eventually([&] { return get(board.call(&Board::made)) >= wanted; }));
    EXPECT_EQ(get(board.call(&Board::made)), wanted);
    EXPECT_EQ(get(*stream.next()), taken);
  }
  EXPECT_FALSE(stream.next());
  EXPECT_EQ(get(board.call(&Board::ended)), 1);
}

TEST_P(Generators, OneThatWaitsLendsItsCpu) {
  open({.cpus = 1});
  const auto board = actor<Board>();
  auto stream = remote(counted, {.max_buffered = 1})(board, 5);
  EXPECT_EQ(get(*stream.next()), 0);
  EXPECT_EQ(get(remote([](int x) { return x + 1; })(4)), 5);
  auto other = remote(counted, {.max_buffered = 1})(board, 5);
  for (int i = 1; i < 5; ++i) {
    EXPECT_EQ(get(*other.next()), i - 1);
    EXPECT_EQ(get(*stream.next()), i);
  }
  EXPECT_FALSE(stream.next());
  EXPECT_EQ(get(*other.next()), 4);
  EXPECT_FALSE(other.next());
}

TEST_P(Generators, BigItemsInASmallStoreWaitForRoom) {
  open({.object_store_bytes = 64 << 20});
  int i = 0;
  for (const auto& ref : remote(arrays)(60, 1'000'000)) EXPECT_EQ(get(ref)[999'999], i++);
  EXPECT_EQ(i, 60);
}

TEST_P(Generators, MaxBufferedIsForGenerators) {
  open();
  const auto square = remote([](int x) { return x * x; }, {.max_buffered = 1});
  EXPECT_THAT(error_of<InvalidArgument>([&] { (void)square(1); }), HasSubstr("for generators"));
  const auto gate = actor<Gate>().with({.max_buffered = 1});
  EXPECT_THAT(error_of<InvalidArgument>([&] { (void)gate.call(&Gate::is_open); }),
              HasSubstr("CallOptions::max_buffered is for generators"));
}

// ------------------------------------------------------------------------------------------------ in tasks

Generator<int> doubled(int n) {
  for (const auto& ref : remote(numbers, {.max_buffered = 2})(n)) {
    co_yield 2 * get(ref);
  }
}
int sum_of_doubled(int n) {
  int sum = 0;
  for (const auto& ref : remote(doubled)(n)) sum += get(ref);
  return sum;
}

TEST_P(Generators, TasksReadStreams) {
  for (const double cpus : {1.0, 2.0}) {
    open({.cpus = cpus});
    std::vector<ObjectRef<int>> sums;
    for (int i = 0; i < 4; ++i) sums.push_back(remote(sum_of_doubled)(50));
    for (const auto& sum : sums) EXPECT_EQ(get(sum), 2450);
    close();
  }
}

// A task takes three items of a generator that never ends.
int first_three(ActorHandle<Board> board) {
  auto stream = remote(for_ever)(board);
  int sum = 0;
  for (int i = 0; i < 3; ++i) sum += get(*stream.next());
  return sum;
}

TEST_P(Generators, ATaskReadsAGeneratorThatNeverEnds) {
  open({.cpus = 1});
  const auto board = actor<Board>();
  EXPECT_EQ(get(remote(first_three)(board)), 3);
  EXPECT_TRUE(eventually([&] { return get(board.call(&Board::ended)) == 1; }));
}

// Each of the streams has an item when it likes: take whichever is there.
TEST_P(Generators, WaitForWhicheverStreamHasAnItem) {
  open();
  const auto gate = actor<Gate>();
  std::map<std::string, ObjectRefStream<std::string>> streams;
  streams.emplace("slow", remote(two_words)(gate));
  streams.emplace("quick", remote(words_of)("q", full<double>(3, 1.0).freeze()));
  std::vector<std::string> order;
  EXPECT_EQ(get(*streams.at("slow").next()), "first");
  while (!streams.empty()) {
    std::vector<AnyRef> upcoming;
    std::vector<std::string> names;
    for (const auto& [name, stream] : streams) {
      upcoming.push_back(stream.upcoming());
      names.push_back(name);
    }
    const auto ready = wait(upcoming).ready;
    ASSERT_THAT(ready, SizeIs(1));
    const auto at = std::find(upcoming.begin(), upcoming.end(), ready[0]) - upcoming.begin();
    const std::string name = names[static_cast<std::size_t>(at)];
    if (const auto ref = streams.at(name).next()) {
      order.push_back(get(*ref));
    } else {
      order.push_back(name + " ends");
      streams.erase(name);
      if (name == "quick") gate.post(&Gate::open);
    }
  }
  EXPECT_THAT(order, ElementsAre("q1", "q1", "q1", "quick ends", "second", "slow ends"));
}

// ------------------------------------------------------------------------------------------------ actors

class Counter {
 public:
  Generator<int> count(int n) {
    for (int i = 0; i < n; ++i) {
      ++count_;
      co_yield count_;
    }
  }
  Generator<int> count_for_ever() {
    const EndIsCounted counted(ended_);
    for (;;) {
      ++count_;
      co_yield count_;
    }
  }
  Generator<std::string> throws() const {
    co_yield "before";
    throw std::range_error("in a method");
  }
  int value() const { return count_; }
  int ended() const { return ended_; }

 private:
  struct EndIsCounted {
    explicit EndIsCounted(int& to) : count(to) {}
    ~EndIsCounted() { ++count; }
    EndIsCounted(const EndIsCounted&) = delete;
    int& count;
  };
  int count_ = 0;
  int ended_ = 0;
};

TEST_P(Generators, AMethodRunsToItsEndInOrder) {
  open();
  const auto counter = actor<Counter>();
  auto stream = counter.with({.max_buffered = 2}).call(&Counter::count, 10);
  const auto after = counter.call(&Counter::value);
  EXPECT_EQ(get(*stream.next()), 1);
  EXPECT_FALSE(after.ready());
  for (int i = 2; i <= 10; ++i) EXPECT_EQ(get(*stream.next()), i);
  EXPECT_FALSE(stream.next());
  EXPECT_EQ(get(after), 10);
  EXPECT_THAT(all_of(counter.call<&Counter::count>(2)), ElementsAre(11, 12));
  const auto callable = [](Counter& c, int n) -> Generator<int> {
    for (int i = 0; i < n; ++i) {
      co_yield c.value() + i;
    }
  };
  EXPECT_THAT(all_of(counter.call(callable, 2)), ElementsAre(12, 13));
  auto failing = counter.call(&Counter::throws);
  EXPECT_EQ(get(*failing.next()), "before");
  EXPECT_THROW(get(*failing.next()), std::range_error);
  EXPECT_FALSE(failing.next());
  EXPECT_EQ(get(counter.call(&Counter::value)), 12);
}

TEST_P(Generators, AMethodWhoseStreamIsDroppedEnds) {
  open();
  const auto counter = actor<Counter>();
  for (const std::size_t most : {0U, 1U, 3U}) {
    auto stream = counter.with({.max_buffered = most}).call(&Counter::count_for_ever);
    EXPECT_GT(get(*stream.next()), 0);
  }
  EXPECT_EQ(get(counter.call(&Counter::ended)), 3);
}

TEST_P(Generators, AnActorLivesAsLongAsItsGeneratorIsRead) {
  open();
  auto stream = actor<Counter>().with({.max_buffered = 1}).call(&Counter::count, 5);
  EXPECT_THAT(all_of(std::move(stream)), ElementsAre(1, 2, 3, 4, 5));
}

}  // namespace
}  // namespace manta::testing
