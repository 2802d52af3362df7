// put and get, and refs as values: on objects of one driver. Waiting without getting: wait_test.cc.
#include <atomic>
#include <chrono>
#include <map>
#include <numeric>
#include <string>
#include <thread>
#include <unordered_set>
#include <vector>

#include <manta/manta.h>

#include "cluster_fixture.h"
#include "gate.h"

namespace manta::testing {
namespace {

using namespace std::chrono_literals;

int twice(int n) { return 2 * n; }
int fails(int n) { throw std::out_of_range("number " + std::to_string(n)); }
void nothing() {}
void fails_with_nothing() { throw std::domain_error("nothing"); }

struct Fixed {  // neither copyable nor movable
  explicit Fixed(int v) : value(v) {}
  Fixed(const Fixed&) = delete;
  int value;
  auto manta_reduce() const { return std::tuple(value); }
};
struct Point {
  double x = 0, y = 0;
  bool operator==(const Point&) const = default;
};

TEST_F(ClusterTest, PutStoresWhatItIsGiven) {
  open();
  EXPECT_EQ(get(put(5)), 5);
  EXPECT_EQ(get(put(Point{1, 2})), (Point{1, 2}));
  ObjectRef<std::string> literal = put("text");
  ObjectRef<std::string> view = put(std::string_view("view"));
  EXPECT_EQ(get(literal), "text");
  EXPECT_EQ(get(view), "view");
  const double numbers[] = {1, 2, 3};
  ObjectRef<Array<double>> from_span = put(std::span<const double>(numbers));
  EXPECT_EQ(get(from_span)[2], 3);
  ObjectRef<Array<int>> sealed = put(arange<int>(10));
  EXPECT_EQ(get(sealed)[9], 9);
  auto mutable_array = arange<int>(100'000);
  ObjectRef<Array<int>> copied = put(mutable_array);
  mutable_array[0] = 7;
  EXPECT_EQ(get(copied)[0], 0);
  std::vector<int> vector{1, 2, 3};
  auto ref = put(vector, {.name = "a name"});
  vector[0] = 9;
  EXPECT_EQ(get(ref), (std::vector{1, 2, 3}));
  EXPECT_EQ(get(put(std::map<std::string, std::vector<Point>>{{"a", {{1, 2}}}})).at("a")[0],
            (Point{1, 2}));
  const std::string long_text(5'000'000, 'x');
  EXPECT_EQ(get(put(long_text)), long_text);
}

TEST_F(ClusterTest, ValuesThatCannotMoveAreBuiltInPlace) {
  open();
  auto ref = put(Fixed(8));
  EXPECT_EQ(get(ref).value, 8);
  EXPECT_EQ(get(ref, 1h).value, 8);
}

TEST_F(ClusterTest, EveryFormOfGet) {
  open();
  auto a = put(1);
  auto b = remote(twice)(2);
  EXPECT_EQ(get(b), 4);
  EXPECT_EQ(get(b, 1h), 4);
  EXPECT_EQ(get(std::vector{a, b}), (std::vector{1, 4}));
  EXPECT_EQ(get(std::vector{a, b}, 1h), (std::vector{1, 4}));
  EXPECT_EQ(get({a, b}), (std::vector{1, 4}));
  EXPECT_EQ(get({a, b}, 1h), (std::vector{1, 4}));
  EXPECT_EQ(get(std::vector<ObjectRef<int>>{}), std::vector<int>{});
  auto done = remote(nothing)();
  auto text = put("text");
  EXPECT_EQ(get(a, text, done, b), std::tuple(1, std::string("text"), std::monostate(), 4));
  get(done);
  get(done, 1h);
  get({done, done});
  get(std::vector{done}, 1h);
  static_assert(std::is_void_v<decltype(get(done))>);
  static_assert(std::is_void_v<decltype(get(std::vector{done}))>);
}

TEST_F(ClusterTest, GetThrowsTheErrorOfTheObject) {
  open();
  auto ok = put(1);
  EXPECT_THROW(get(remote(fails)(1)), std::out_of_range);
  EXPECT_THROW(get(remote(fails_with_nothing)()), std::domain_error);
  EXPECT_THROW(get({ok, remote(fails)(1)}), std::out_of_range);
  EXPECT_THROW(get(ok, remote(fails_with_nothing)()), std::domain_error);
  auto first = remote(fails)(1);
  auto second = remote(fails)(2);
  wait({first, second}, {.num_ready = 2});
  try {
    get({second, ok, first});
    FAIL();
  } catch (const TaskError& error) {
    EXPECT_EQ(error.message(), "number 2");
  }
}

TEST_F(ClusterTest, ListFailsWithoutWaitingForTheRest) {
  open();
  auto gate = actor<Gate>();
  auto late = remote(pass)(gate, 1);
  EXPECT_THROW(get({late, remote(fails)(1), late}), std::out_of_range);
  EXPECT_FALSE(late.ready());
  EXPECT_THROW(get(late, remote(fails)(1)), std::out_of_range);
  gate.post(&Gate::open);
  EXPECT_EQ(get(late), 1);
}

TEST_F(ClusterTest, TimeoutsSayWhatIsMissing) {
  open();
  auto gate = actor<Gate>();
  auto late = remote(pass)(gate, 1);
  try {
    get(late, 10ms);
    FAIL();
  } catch (const GetTimeout& error) {
    const std::string text = error.what();
    EXPECT_NE(text.find("10"), std::string::npos) << text;
    EXPECT_NE(text.find("pass"), std::string::npos) << text;
    EXPECT_NE(text.find(late.id().hex()), std::string::npos) << text;
  }
  EXPECT_THROW(get(late, 0s), GetTimeout);
  EXPECT_THROW(get({late, put(1)}, 1ms), GetTimeout);
  EXPECT_THROW(get(late, -1ms), InvalidArgument);
  gate.post(&Gate::open);
  EXPECT_EQ(get(late, std::chrono::hours::max()), 1);
  EXPECT_EQ(get(late, std::chrono::nanoseconds::max()), 1);
  EXPECT_EQ(get({late}, std::chrono::duration<double>(1e300)), std::vector{1});
  EXPECT_EQ(get(late, 0s), 1);
}

TEST_F(ClusterTest, HugeTimeoutsWait) {
  open();
  auto gate = actor<Gate>();
  auto late = remote(pass)(gate, 1);
  std::thread opener([gate] { gate.post(&Gate::open); });
  EXPECT_EQ(get(late, std::chrono::hours::max()), 1);
  opener.join();
}

TEST_F(ClusterTest, RefsAreRegularValues) {
  open();
  auto a = put(1), b = put(1), copy = a;
  EXPECT_TRUE(a == copy);
  EXPECT_FALSE(a == b);
  EXPECT_EQ(a.id(), copy.id());
  EXPECT_NE(a.id(), b.id());
  EXPECT_EQ(std::unordered_set<ObjectRef<int>>({a, b, copy}).size(), 2u);
  EXPECT_EQ(std::unordered_set<AnyRef>({a, b, copy}).size(), 2u);
  auto moved = std::move(copy);
  EXPECT_FALSE(copy);  // NOLINT(bugprone-use-after-move)
  EXPECT_TRUE(moved);
  ObjectRef<std::vector<double>> vector = put(std::vector<double>{1, 2});
  ObjectRef<Array<double>> array = vector;
  EXPECT_EQ(get(array)[1], 2);
  EXPECT_TRUE(array == vector);
}

TEST_F(ClusterTest, EmptyRefsAreRefused) {
  open();
  const ObjectRef<int> none;
  const AnyRef any;
  EXPECT_THROW(get(none), InvalidArgument);
  EXPECT_THROW(get({none}), InvalidArgument);
  EXPECT_THROW(get(put(1), none), InvalidArgument);
  EXPECT_THROW(wait({none}), InvalidArgument);
  EXPECT_THROW(free(none), InvalidArgument);
  EXPECT_THROW(none.id(), InvalidArgument);
  EXPECT_THROW(none.ready(), InvalidArgument);
  EXPECT_THROW(none.why(), InvalidArgument);
  EXPECT_THROW(none.on_ready([] {}), InvalidArgument);
  EXPECT_THROW(any.id(), InvalidArgument);
  EXPECT_THROW(any.as<int>(), InvalidArgument);
  EXPECT_THROW(remote(twice)(none), InvalidArgument);
  EXPECT_THROW(wait_with_progress({any}, "none"), InvalidArgument);
  EXPECT_FALSE(get(put(none)));  // inside a value it is just empty
  EXPECT_FALSE(get(remote([](const std::vector<ObjectRef<int>>& v) { return bool(v.at(0)); })(
      std::vector{none})));
}

TEST_F(ClusterTest, ZeroSizes) {
  open();
  EXPECT_EQ(get(put(std::string())), "");
  EXPECT_EQ(get(put(std::vector<int>())).size(), 0u);
  EXPECT_EQ(get(put(Array<double>())).size(), 0u);
  EXPECT_EQ(get(put(zeros<double>(0))).size(), 0u);
  EXPECT_EQ(get(put(zeros<double>(0, 5))).shape().size(), 2u);
  EXPECT_EQ(get(put(std::vector<Array<int>>(3))).size(), 3u);
  struct Empty {};
  get(put(Empty{}));
  const auto same = [](const Array<float>& a) { return a; };
  EXPECT_EQ(get(remote(same)(zeros<float>(0))).size(), 0u);
  EXPECT_EQ(get(remote(same)(put(zeros<float>(0)))).size(), 0u);
}

TEST_F(ClusterTest, TenThousandArgumentsByFanIn) {
  open();
  std::vector<ObjectRef<int>> refs;
  for (int i = 0; i < 10'000; ++i) refs.push_back(put(i));
  const auto sum = [](const std::vector<int>& v) { return std::accumulate(v.begin(), v.end(), 0); };
  EXPECT_EQ(get(remote(sum)(refs)), 49'995'000);
  EXPECT_EQ(get(refs).back(), 9'999);
  EXPECT_EQ(wait(refs, {.num_ready = 10'000}).ready.size(), 10'000u);
}

TEST_F(ClusterTest, ThreadsOfTheDriverUseItAtOnce) {
  open();
  auto shared = put(arange<int>(50'000));
  std::vector<std::thread> threads;
  std::atomic<int> wrong{0};
  for (int t = 0; t < 6; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 100; ++i) {
        auto a = put(t * 1000 + i);
        auto b = remote(twice)(a);
        auto c = remote([](const Array<int>& v, int at) { return v[std::size_t(at)]; })(shared, a);
        if (get(b) != 2 * (t * 1000 + i) || get(c) != t * 1000 + i) ++wrong;
        if (wait({b, c}, {.num_ready = 2}).ready.size() != 2) ++wrong;
        if (i % 10 == 0) put(full<int>(20'000, i));
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
}

TEST_F(ClusterTest, ManyThreadsWaitForOneObject) {
  open();
  auto gate = actor<Gate>();
  auto late = remote(pass)(gate, 7);
  std::vector<std::thread> threads;
  std::atomic<int> got{0};
  for (int t = 0; t < 16; ++t) threads.emplace_back([&] { got += get(late); });
  gate.post(&Gate::open);
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(got, 16 * 7);
}

}  // namespace
}  // namespace manta::testing
