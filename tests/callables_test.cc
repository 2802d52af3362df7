// Every kind of callable that can be a remote function.
#include <cmath>
#include <functional>
#include <string>
#include <vector>

#include <gmock/gmock.h>

#include "cluster_fixture.h"
#include "user_library.h"

namespace manta::testing {
namespace {

using ::testing::HasSubstr;

int add(int a, int b) { return a + b; }
int overloaded(int x) { return x + 1; }
std::string overloaded(const std::string& x) { return x + "!"; }
double overloaded(double x, double y) { return x * y; }
int careful(int x) noexcept { return 2 * x; }
template <class T>
T twice(T x) {
  return x + x;
}
std::string joined(const std::string& prefix, int a, const std::string& b) {
  return prefix + std::to_string(a) + b;
}

struct Tools {
  static int square(int x) { return x * x; }
  int width = 1;
};
struct Declared;

struct Negate {  // stateless
  int operator()(int x) const { return -x; }
};
struct Scale {  // an aggregate: its members travel
  double factor = 1;
  std::string unit;
  std::string operator()(double x) const { return std::to_string(int(x * factor)) + unit; }
};
struct Tally {  // its call operator is not const
  int count = 0;
  int operator()(int by) { return count += by; }
};
struct Careful {
  int operator()(int x) const noexcept { return x + 7; }
};
struct Generic {
  template <class T>
  T operator()(T a, T b) const {
    return a + b;
  }
};
struct SeveralOperators {
  int operator()(int x) const { return x; }
  std::string operator()(const std::string& x) const { return x + x; }
};

class Callables : public ClusterTest {
 protected:
  void SetUp() override {
    ClusterTest::SetUp();
    open();
  }
};

TEST_F(Callables, Function) { EXPECT_EQ(get(remote(add)(1, 2)), 3); }
TEST_F(Callables, FunctionByAddress) { EXPECT_EQ(get(remote(&add)(1, 2)), 3); }
TEST_F(Callables, StaticMemberFunction) { EXPECT_EQ(get(remote(Tools::square)(7)), 49); }
TEST_F(Callables, NoexceptFunction) { EXPECT_EQ(get(remote(careful)(4)), 8); }
TEST_F(Callables, FunctionTemplate) {
  EXPECT_EQ(get(remote(twice<int>)(4)), 8);
  EXPECT_EQ(get(remote(twice<std::string>)("ab")), "abab");
}

TEST_F(Callables, OverloadedFunctionBySignature) {
  EXPECT_EQ(get(remote<int(int)>(overloaded)(1)), 2);
  EXPECT_EQ(get(remote<std::string(const std::string&)>(overloaded)("a")), "a!");
  EXPECT_EQ(get(remote<double(double, double)>(overloaded)(2, 4)), 8.0);
}

TEST_F(Callables, FunctionKnownAtCompileTime) {
  EXPECT_EQ(get(remote<add>(1, 2)), 3);
  EXPECT_EQ(get(remote<&Tools::square>(5)), 25);
  EXPECT_EQ(get(remote<careful>(5)), 10);
}

TEST_F(Callables, LambdaWithoutCaptures) {
  EXPECT_EQ(get(remote([](int x) { return x + 1; })(1)), 2);
  EXPECT_EQ(get(remote([](const std::string& s) { return s.size(); })("four")), 4u);
  EXPECT_EQ(get(remote([]() noexcept { return 5; })()), 5);
}

TEST_F(Callables, LambdaWithTrivialCaptures) {
  int k = 10;
  double factor = 0.5;
  EXPECT_EQ(get(remote([k](int x) { return x + k; })(1)), 11);
  EXPECT_EQ(get(remote([k, factor](int x) { return (x + k) * factor; })(2)), 6.0);
}

TEST_F(Callables, MutableLambdaStartsFromItsCapturesEachTime) {
  int n = 5;
  const auto count = remote([n](int by) mutable { return n += by; });
  EXPECT_EQ(get(count(1)), 6);
  EXPECT_EQ(get(count(1)), 6);
}

TEST_F(Callables, CapturedAddressIsRefused) {
  int n = 5;
  const int* pointer = &n;
  const std::string text = "a text that is not short enough to stand in the string itself";
  const std::string_view view = text;
  for (const auto& call : std::vector<std::function<void()>>{
           [&] { (void)remote([&n](int x) { return x + n; })(1); },
           [&] { (void)remote([pointer](int x) { return x + *pointer; })(1); },
           [&] { (void)remote([view] { return view.size(); })(); },
           [&] { (void)remote([k = 1L, pointer](int x) { return x + *pointer + int(k); })(1); }}) {
    try {
      call();
      FAIL() << "the capture was not refused";
    } catch (const InvalidArgument& error) {
      EXPECT_NE(std::string(error.what()).find("manta::capture"), std::string::npos)
          << error.what();
      EXPECT_NE(std::string(error.what()).find("address"), std::string::npos) << error.what();
    }
  }
}

TEST_F(Callables, PlainSkipsTheCheckForAddresses) {
  int n = 5;
  const auto number = reinterpret_cast<std::uintptr_t>(&n);
  EXPECT_THROW((void)remote([number](std::uintptr_t x) { return number + x; })(1u),
               InvalidArgument);
  EXPECT_EQ(get(remote(plain([number](std::uintptr_t x) { return number + x; }))(1u)), number + 1);
}

TEST_F(Callables, CaptureTakesAnySerializableValue) {
  const std::string prefix = "a rather long prefix that does not fit into a small string: ";
  const auto say =
      remote(capture([](const std::string& p, int x) { return p + std::to_string(x); }, prefix));
  EXPECT_EQ(get(say(1)), prefix + "1");
  EXPECT_EQ(get(say(2)), prefix + "2");
  const std::vector<std::vector<int>> table{{1, 2}, {3}};
  EXPECT_EQ(
      get(remote(capture([](const std::vector<std::vector<int>>& t) { return t[1][0]; }, table))()),
      3);
}

TEST_F(Callables, CaptureOfArraysAndRefs) {
  const Array<double> array = arange<double>(50'000);
  const auto number = put(41);
  const auto f = remote(capture([](const Array<double>& a, const ObjectRef<int>& ref,
                                   std::size_t i) { return a[i] + get(ref); },
                                array, number));
  EXPECT_EQ(get(f(49'999u)), 49'999.0 + 41);
}

TEST_F(Callables, CaptureOfAFunction) {
  EXPECT_EQ(get(remote(capture(joined, std::string("<")))(1, "x")), "<1x");
  EXPECT_EQ(get(remote(capture(joined, std::string("<"), 7))("y")), "<7y");
}

TEST_F(Callables, NamedLambda) {
  const auto f = named<"adder">([](int a, int b) { return a + b; });
  EXPECT_EQ(get(remote(f)(1, 2)), 3);
  EXPECT_EQ(get(remote(named<"who">([] { return this_task().name(); }))()), "who");
  int k = 3;
  EXPECT_EQ(get(remote(named<"plus_k">([k](int a) { return a + k; }))(1)), 4);
}

TEST_F(Callables, NamedFunction) { EXPECT_EQ((get(remote(named<"sum", add>())(1, 2))), 3); }

TEST_F(Callables, FunctionObjects) {
  EXPECT_EQ(get(remote(Negate{})(3)), -3);
  EXPECT_EQ(get(remote(Scale{2.5, " kg"})(4)), "10 kg");
  EXPECT_EQ(get(remote(Careful{})(1)), 8);
}

TEST_F(Callables, MutableCallOperatorRunsOnACopy) {
  const auto tally = remote(Tally{10});
  EXPECT_EQ(get(tally(1)), 11);
  EXPECT_EQ(get(tally(1)), 11);
}

TEST_F(Callables, GenericCallablesBySignature) {
  EXPECT_EQ(get(remote<int(int, int)>([](auto a, auto b) { return a * b; })(3, 4)), 12);
  EXPECT_EQ(get(remote<std::string(std::string, std::string)>(Generic{})("a", "b")), "ab");
  EXPECT_EQ(get(remote<int(int)>(SeveralOperators{})(4)), 4);
  EXPECT_EQ(get(remote<std::string(const std::string&)>(SeveralOperators{})("x")), "xx");
  const int k = 2;
  EXPECT_EQ(get(remote<int(int)>([k](auto x) { return x * k; })(21)), 42);
}

TEST_F(Callables, FunctionsOfTheUsersOwnSharedLibrary) {
  EXPECT_EQ(get(remote(user::halve)(5)), 2.5);
  EXPECT_EQ(get(remote(user::greet)("you")), "hello you");
  EXPECT_EQ((get(remote<double(double, double)>(user::add)(1.5, 2))), 3.5);
  EXPECT_EQ(get(remote(user::Multiplier{6})(7)), 42);
}

TEST_F(Callables, FunctionsOfSystemLibrariesAreRefusedWithAdvice) {
  try {
    (void)remote<double(double)>(std::sin)(1.0);
    FAIL() << "sin was not refused";
  } catch (const InvalidArgument& error) {
    EXPECT_NE(std::string(error.what()).find("lambda"), std::string::npos) << error.what();
    EXPECT_NE(std::string(error.what()).find("system librar"), std::string::npos) << error.what();
    EXPECT_EQ(std::string(error.what()).find("0x"), std::string::npos) << error.what();
  }
  EXPECT_EQ(get(remote([](double x) { return std::sin(x); })(0)), 0.0);
}

TEST_F(Callables, NullFunctionIsRefused) {
  int (*none)(int) = nullptr;
  EXPECT_THROW((void)remote(none)(1), InvalidArgument);
}

TEST_F(Callables, RemoteFunctionIsKeptAndCalledManyTimes) {
  const auto f = remote(add);
  std::vector<ObjectRef<int>> sums;
  for (int i = 0; i < 100; ++i) sums.push_back(f(i, i));
  const auto values = get(sums);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(values[std::size_t(i)], 2 * i);
}

// ---- what inspect_serializability() says of them

template <class F>
bool can_be_sent(const F& f) {
  const auto report = inspect_serializability(f, "f");
  EXPECT_EQ(report.serializable, report.failures.empty()) << report.text;
  EXPECT_THAT(report.text, HasSubstr(report.serializable ? "can be" : "cannot be"));
  return report.serializable;
}
template <class F>
bool says_of_code(const F& f) {
  const auto report = inspect_serializability(f, "f");
  EXPECT_THAT(report.text, HasSubstr("globals that it uses do not travel"));
  EXPECT_TRUE(inspect_serializability<F>("f").serializable);
  return report.serializable;
}

TEST_F(Callables, WhatIsCalledRemotelyIsSerializable) {
  const std::string text = "abc";
  const auto captured =
      capture([](const std::string& s, int n) { return int(s.size()) + n; }, text);
  EXPECT_EQ(get(remote(captured)(4)), 7);
  EXPECT_TRUE(says_of_code(captured));
  EXPECT_TRUE(says_of_code(capture(joined, text, 3)));
  int k = 2;
  const auto vouched = plain([k](int x) { return x + k; });
  EXPECT_EQ(get(remote(vouched)(1)), 3);
  EXPECT_TRUE(says_of_code(vouched));
  EXPECT_TRUE(says_of_code(named<"inspected">([k](int x) { return x + k; })));
  EXPECT_TRUE(says_of_code(add));
  EXPECT_TRUE(says_of_code(&add));
  EXPECT_TRUE(says_of_code(careful));
  EXPECT_TRUE(says_of_code(remote(add)));
  EXPECT_TRUE(says_of_code(remote(captured)));
  EXPECT_TRUE(says_of_code(remote([k](int x) { return x + k; })));
  const user::Multiplier by_three{3};
  EXPECT_EQ(get(remote(by_three)(2)), 6);
  EXPECT_TRUE(can_be_sent(by_three));
  EXPECT_TRUE(can_be_sent(remote(Scale{2, "m"})));
  EXPECT_TRUE(can_be_sent(std::plus<int>()));
  EXPECT_TRUE(can_be_sent(RemoteFunction<int(int)>(remote(careful))));
}

class Pointing {  // remote() copies its bytes, if they hold no address
 public:
  explicit Pointing(const int* at) : at_(at) {}
  int operator()(int x) const { return at_ == nullptr ? x : *at_; }

 private:
  const int* at_;
};

TEST_F(Callables, WhatIsRefusedRemotelyIsNotSerializable) {
  int (*none)(int) = nullptr;
  EXPECT_FALSE(can_be_sent(none));
  EXPECT_FALSE(can_be_sent(remote(none)));
  EXPECT_FALSE(can_be_sent(static_cast<double (*)(double)>(std::sin)));
  int local = 1;
  EXPECT_FALSE(can_be_sent(Pointing(&local)));
  EXPECT_EQ(get(remote(Pointing(nullptr))(4)), 4);
  EXPECT_TRUE(can_be_sent(Pointing(nullptr)));
  EXPECT_FALSE(can_be_sent(remote([&local](int x) { return x + local; })));
  EXPECT_FALSE(can_be_sent(capture([local](int x) { return x + local; })));
  EXPECT_FALSE(can_be_sent(plain([text = std::string("x")](int) { return text; })));
  EXPECT_FALSE(can_be_sent(capture([](const int* p, int x) { return *p + x; }, &local)));
  EXPECT_FALSE(can_be_sent(std::function<int(int)>(careful)));
  EXPECT_FALSE(can_be_sent(&Tools::width));
  EXPECT_FALSE(inspect_serializability<Declared>().serializable);
}

// ---- RemoteFunction<R(A...)>: a value

struct Job {
  RemoteFunction<int(int)> step;
  int rounds = 0;
};
int run(const Job& job, int x) {
  for (int i = 0; i < job.rounds; ++i) x = get(job.step(x));
  return x;
}
int apply(const RemoteFunction<int(int)>& f, int x) { return get(f(x)); }
RemoteFunction<int(int)> adder_of(int k) {
  return remote([k](int x) { return x + k; });
}

TEST_F(Callables, RemoteFunctionBySignatureHoldsAnyCallable) {
  std::vector<RemoteFunction<int(int)>> all{remote(careful), remote(Negate{}),
                                            remote([](int x) { return x + 1; })};
  int k = 100;
  all.push_back(remote([k](int x) { return x + k; }));
  all.push_back(
      remote(capture([](const std::vector<int>& v, int x) { return v.at(std::size_t(x)); },
                     std::vector<int>{7, 8, 9})));
  all.push_back(remote(user::Multiplier{3}));
  std::vector<int> results;
  for (const auto& f : all) results.push_back(get(f(2)));
  EXPECT_EQ(results, (std::vector<int>{4, -2, 3, 102, 9, 6}));
}

TEST_F(Callables, RemoteFunctionIsPassedToATaskAndCalledThere) {
  EXPECT_EQ(get(remote(apply)(remote(careful), 4)), 8);
  int k = 5;
  EXPECT_EQ(get(remote(apply)(remote([k](int x) { return x * k; }), 4)), 20);
}

TEST_F(Callables, RemoteFunctionIsAMemberAndAResult) {
  EXPECT_EQ(get(remote(run)(Job{remote(careful), 3}, 1)), 8);
  const auto f = get(remote(adder_of)(1000));
  EXPECT_EQ(get(f(1)), 1001);
  const auto stored = put(Job{remote(Negate{}), 1});
  EXPECT_EQ(get(get(stored).step(9)), -9);
}

TEST_F(Callables, EmptyRemoteFunctionIsRefused) {
  const RemoteFunction<int(int)> none;
  EXPECT_FALSE(none);
  EXPECT_THROW((void)none(1), InvalidArgument);
}

}  // namespace
}  // namespace manta::testing
