// Values that misbehave while they travel: the put, call or result that meets one fails, and nothing else.
#include <algorithm>
#include <atomic>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <tuple>
#include <vector>

#include <gmock/gmock.h>

#include "cluster_fixture.h"

namespace manta::testing {
namespace {

using ::testing::HasSubstr;

class BadValues : public ClusterTest {
 protected:
  void SetUp() override {
    ClusterTest::SetUp();
    open();
  }
  void expect_nothing_held(std::uint64_t before) {
    std::uint64_t used = 0;
    EXPECT_TRUE(eventually([&] { return (used = store_bytes_used()) <= before; }))
        << used << " bytes, before it was " << before;
  }
};

// ---- a serializer that throws half-way

enum class Fails { kNever, kInReduce, kInRestore, kOddly };

class Picky {  // fails where it is told to
 public:
  explicit Picky(Fails fails) : fails_(fails) {}
  Fails manta_reduce() const {
    if (fails_ == Fails::kInReduce) throw std::domain_error("half-way");
    if (fails_ == Fails::kOddly) throw 5;
    return fails_;
  }
  static Picky manta_restore(Fails fails) {
    if (fails == Fails::kInRestore) throw std::range_error("half-way back");
    return Picky(fails);
  }

 private:
  Fails fails_;
};
struct Parcel {  // of which much is written before its Picky
  std::string text;
  Array<double> large, small;
  std::vector<double> numbers;
  std::vector<std::shared_ptr<std::string>> shared;
  std::vector<ObjectRef<Array<double>>> refs;
  Picky picky;
  Array<double> behind;
};
Parcel make_parcel(Fails fails) {
  return {std::string(10'000, 't'),
          arange<double>(100'000),
          arange<double>(100),
          std::vector<double>(50'000, 1.0),
          std::vector(10, std::make_shared<std::string>("shared")),
          {put(arange<double>(50'000)), put(arange<double>(50))},
          Picky(fails),
          arange<double>(1'000)};
}
double read(const Parcel& parcel) {
  return parcel.large[99'999] + parcel.numbers[49'999] + get(parcel.refs[1])[49] +
         parcel.behind[999];
}
constexpr double kRead = 99'999 + 1 + 49 + 999;

TEST_F(BadValues, AThrowHalfWayFailsThatPutOnly) {
  const auto before = store_bytes_used();
  for (int i = 0; i < 50; ++i) {
    EXPECT_THROW(put(make_parcel(Fails::kInReduce)), std::domain_error);
    EXPECT_THROW(put(make_parcel(Fails::kOddly)), int);
    EXPECT_THROW(serialize(make_parcel(Fails::kInReduce)), std::domain_error);
  }
  expect_nothing_held(before);
  EXPECT_EQ(read(get(put(make_parcel(Fails::kNever)))), kRead);
}

TEST_F(BadValues, AThrowHalfWayFailsThatCallOnly) {
  const auto before = store_bytes_used();
  const auto function = remote(read);
  for (int i = 0; i < 50; ++i) {
    EXPECT_THROW(function(make_parcel(Fails::kInReduce)), std::domain_error);
    EXPECT_THROW(function(make_parcel(Fails::kOddly)), int);
  }
  expect_nothing_held(before);
  EXPECT_EQ(get(function(make_parcel(Fails::kNever))), kRead);
}

TEST_F(BadValues, AThrowHalfWayFailsThatResultOnly) {
  const auto before = store_bytes_used();
  const auto function = remote(make_parcel);
  for (int i = 0; i < 20; ++i) {
    EXPECT_THROW(get(function(Fails::kInReduce)), std::domain_error);
    EXPECT_THROW(get(function(Fails::kOddly)), TaskError);
  }
  expect_nothing_held(before);
  EXPECT_EQ(read(get(function(Fails::kNever))), kRead);
}

TEST_F(BadValues, AThrowOnTheWayBackFailsThatGetOnly) {
  const auto before = store_bytes_used();
  {
    const auto ref = put(make_parcel(Fails::kInRestore));
    const auto made = remote(make_parcel)(Fails::kInRestore);
    for (int i = 0; i < 20; ++i) {
      EXPECT_THROW(get(ref), std::range_error);
      EXPECT_THROW(get(made), std::range_error);
      EXPECT_THROW(get(remote(read)(ref)), Error);
      EXPECT_THROW(get(remote(read)(made)), Error);
    }
  }
  expect_nothing_held(before);
  EXPECT_EQ(get(remote(read)(make_parcel(Fails::kNever))), kRead);
}

// ---- a manta_reduce that uses Manta, or changes what it reads

int tripled(int x) { return 3 * x; }

class Asking {  // get() inside of reduce and restore
 public:
  explicit Asking(int x) : x_(x) {}
  auto manta_reduce() const {
    const auto nested = get(put(std::vector(1'000, x_)));
    return std::tuple(get(remote(tripled)(nested[999])), put(arange<int>(10'000)));
  }
  static Asking manta_restore(int tripled_x, const ObjectRef<Array<int>>& array) {
    return Asking(get(array).size() == 10'000 ? get(put(tripled_x)) : -1);
  }
  int x() const { return x_; }

 private:
  int x_;
};

TEST_F(BadValues, AHookMayPutGetAndCall) {
  EXPECT_EQ(get(put(Asking(1))).x(), 3);
  EXPECT_EQ(get(put(std::vector{Asking(1), Asking(2)}))[1].x(), 6);
  EXPECT_EQ(get(remote([](const Asking& a, int) { return a.x(); })(Asking(2), 1)), 6);
  EXPECT_EQ(get(remote([](int x) { return Asking(x); })(3)).x(), 9);
}

class Counting {  // every reduce counts, and makes the state longer
 public:
  Counting() = default;
  explicit Counting(std::vector<double> states) : states_(std::move(states)) {}
  const std::vector<double>& manta_reduce() const {
    states_.resize(states_.size() + 600, double(states_.size()));  // 4 KiB and more
    return states_;
  }
  const std::vector<double>& states() const { return states_; }

 private:
  mutable std::vector<double> states_;
};
bool is_whole(const std::vector<double>& states, std::size_t times) {
  if (states.size() != 600 * times) return false;
  for (std::size_t i = 0; i < states.size(); ++i) {
    if (states[i] != double(i - i % 600)) return false;
  }
  return true;
}

TEST_F(BadValues, AHookMayChangeItsObject) {
  const Counting counting;
  const auto first = put(counting), second = put(counting);
  EXPECT_TRUE(is_whole(get(first).states(), 1));
  EXPECT_TRUE(is_whole(get(second).states(), 2));
  const auto in_task =
      remote([](const Counting& c, std::size_t n) { return is_whole(c.states(), n); });
  EXPECT_TRUE(get(in_task(counting, 3U)));
  EXPECT_TRUE(get(in_task(second, 2U)));
  EXPECT_TRUE(is_whole(get(first).states(), 1));
  EXPECT_TRUE(is_whole(counting.states(), 3));
}

struct Sharing {  // siblings that write their states into one vector, one after the other
  std::shared_ptr<std::vector<double>> scratch;
  double value = 0;
  const std::vector<double>& manta_reduce() const {
    scratch->assign(1'000, value);
    return *scratch;
  }
  static Sharing manta_restore(const std::vector<double>& state) {
    return {nullptr, state.at(999)};
  }
};

TEST_F(BadValues, HooksMayUseOneBufferAfterTheOther) {
  const auto scratch = std::make_shared<std::vector<double>>();
  const auto got = get(put(std::vector<Sharing>{{scratch, 1}, {scratch, 2}, {scratch, 3}}));
  for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(got.at(i).value, double(i + 1));
}

// ---- without end

struct Endless {  // by value
  Endless() = default;
  explicit Endless(const std::vector<Endless>&) {}
  std::vector<Endless> manta_reduce() const { return std::vector<Endless>(1); }
};
struct EndlessPair {
  EndlessPair() = default;
  EndlessPair(const std::vector<EndlessPair>&, const std::string&) {}
  auto manta_reduce() const {
    return std::tuple(std::vector<EndlessPair>(2), std::string(5'000, 'x'));
  }
};

struct EndlessBehindPointers {  // each time a new one
  std::shared_ptr<EndlessBehindPointers> manta_reduce() const {
    return std::make_shared<EndlessBehindPointers>();
  }
  static EndlessBehindPointers manta_restore(const std::shared_ptr<EndlessBehindPointers>&) {
    return {};
  }
};

template <class Call>
void expect_too_deep(Call call) {
  try {
    call();
    ADD_FAILURE() << "it ended";
  } catch (const SerializationError& error) {
    EXPECT_THAT(error.what(),
                HasSubstr("exceeds the maximum depth; it may contain itself recursively"));
  }
}

TEST_F(BadValues, RecursionWithoutEndIsAnError) {
  for (int i = 0; i < 3; ++i) {
    expect_too_deep([] { put(Endless()); });
    expect_too_deep([] { put(EndlessPair()); });
    expect_too_deep([] { serialize(Endless()); });
    expect_too_deep([] { put(EndlessBehindPointers()); });
    expect_too_deep([] { remote([](const Endless&) {})(Endless()); });
    expect_too_deep([] { get(remote([] { return Endless(); })()); });
    expect_too_deep([] { get(remote([] { put(EndlessPair()); })()); });
    EXPECT_EQ(get(remote(tripled)(put(2))), 6);
  }
}

// ---- a value that changes while it is put

// Element by element, without a data race in the language's sense on the writer's side: what is read is some mixture.
TEST_F(BadValues, ElementsThatChangeMeanwhileAreSomeMixture) {
  constexpr int kValues = 7;
  std::vector<int> numbers(20'000, 0);
  const std::jthread writer([&](const std::stop_token& stop) {
    for (int value = 0; !stop.stop_requested(); value = (value + 1) % kValues) {
      for (int& number : numbers) std::atomic_ref(number).store(value, std::memory_order_relaxed);
    }
  });
  const auto is_mixture = [](const std::vector<int>& v) {
    return v.size() == 20'000 &&
           std::all_of(v.begin(), v.end(), [](int x) { return 0 <= x && x < kValues; });
  };
  for (int i = 0; i < 100; ++i) {
    const auto ref = put(numbers);
    const auto first = get(ref);
    EXPECT_TRUE(is_mixture(first));
    EXPECT_EQ(get(ref), first);  // what was put does not change any more
    EXPECT_TRUE(get(remote(is_mixture)(ref)));
    EXPECT_TRUE(get(remote(is_mixture)(numbers)));
  }
}

}  // namespace
}  // namespace manta::testing
