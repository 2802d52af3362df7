// How actors are made and called: constructors, and every kind of method.
#include <mutex>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <tuple>
#include <unistd.h>
#include <vector>

#include <manta/manta.h>

#include "cluster_fixture.h"

namespace manta::testing {
namespace {

class Counter {
 public:
  Counter() = default;
  explicit Counter(int start) : n_(start) {}
  Counter(const Counter&) = delete;

  int add(int d) {
    const std::lock_guard lock(mutex_);
    return n_ += d;
  }
  int value() const { return n_; }
  int safe_value() const noexcept { return n_; }
  int on_lvalue() & { return n_ + 1; }
  int on_const_lvalue() const& { return n_ + 2; }
  int on_rvalue() && { return n_ + 3; }
  int on_const_rvalue() const&& { return n_ + 4; }
  void reset() { n_ = 0; }
  int scaled(int by) const { return n_ * by; }
  double scaled(double by) const { return n_ * by; }
  std::string scaled(const std::string& unit) const { return std::to_string(n_) + unit; }
  std::tuple<int, std::string> both() const { return {n_, "n"}; }
  int pid() const { return ::getpid(); }
  static int doubled(Counter& c) { return c.n_ *= 2; }
  int fail() { throw std::invalid_argument("no more than " + std::to_string(n_)); }

 private:
  std::mutex mutex_;  // neither copyable nor serializable
  int n_ = 0;
};

int twice(Counter& counter) { return counter.value() * 2; }
int plus(const Counter& counter, int d) { return counter.value() + d; }

struct Shape {
  virtual ~Shape() = default;
  virtual double area() const { return 0; }
  std::string name() const { return name_; }
  std::string name_ = "shape";
};
struct Named {
  virtual ~Named() = default;
  int tag = 42;
  int read_tag() const { return tag; }
  virtual std::string title() const { return "named"; }
};
struct Square : Shape, Named {
  explicit Square(double side) : side_(side) { name_ = "square"; }
  double area() const override { return side_ * side_; }
  std::string title() const override { return "square " + std::to_string(int(side_)); }
  ActorHandle<Named> as_named() const { return this_actor().self<Named>(); }
  ActorHandle<Counter> as_something_else() const { return this_actor().self<Counter>(); }
  double side_;
};

struct FromParts {
  FromParts(std::string text, std::vector<int> numbers, double x)
      : text_(std::move(text)), numbers_(std::move(numbers)), x_(x) {}
  std::string show() const {
    return text_ + " " + std::to_string(numbers_.size()) + " " + std::to_string(int(x_));
  }
  std::string text_;
  std::vector<int> numbers_;
  double x_;
};

struct KeepsRef {
  explicit KeepsRef(ObjectRef<int> ref) : ref_(std::move(ref)) {}
  int read() const { return get(ref_); }
  ObjectRef<int> ref_;
};

struct Refuses {
  explicit Refuses(int n) {
    if (n > 0) throw std::out_of_range("Refuses(" + std::to_string(n) + ")");
  }
  int call() { return 1; }
};

// One of each way in which an argument may have to be made into a parameter.
struct Converts {
  Converts(Array<double> a, std::vector<double> v, MutableArray<double> own, const char* text)
      : numbers{a[0], v[1], own[2]}, text_(text) {
    own[2] = 0;  // a private copy
  }
  Converts(ObjectRef<int> ref, double x, std::vector<int> several, std::string_view text,
           std::span<const double> view)
      : numbers{double(get(ref)), x, double(several.size()), view.back()}, text_(text) {}
  std::vector<double> numbers;
  std::string text_;
  std::vector<double> read() const { return numbers; }
  std::string text() const { return text_; }
  std::tuple<int, int> pair(int a) { return {a, a + 1}; }
  std::tuple<int, int> pair(int a, int b) { return {a, b}; }
};

int slow_value(int n) { return n; }
int throws(int) { throw std::domain_error("upstream"); }

TEST_F(ClusterTest, ActorKeepsItsState) {
  open();
  auto counter = actor<Counter>(10);
  EXPECT_EQ(get(counter.call(&Counter::add, 5)), 15);
  EXPECT_EQ(get(counter.call(&Counter::add, 5)), 20);
  EXPECT_NE(get(counter.call(&Counter::pid)), ::getpid());
  EXPECT_NE(get(counter.call(&Counter::pid)), get(actor<Counter>().call(&Counter::pid)));
}

TEST_F(ClusterTest, EveryKindOfMethod) {
  open();
  auto counter = actor<Counter>(10);
  EXPECT_EQ(get(counter.call(&Counter::value)), 10);
  EXPECT_EQ(get(counter.call(&Counter::safe_value)), 10);
  EXPECT_EQ(get(counter.call(&Counter::on_lvalue)), 11);
  EXPECT_EQ(get(counter.call(&Counter::on_const_lvalue)), 12);
  EXPECT_EQ(get(counter.call(&Counter::on_rvalue)), 13);
  EXPECT_EQ(get(counter.call(&Counter::on_const_rvalue)), 14);
  EXPECT_EQ(get(counter.call<&Counter::add>(1)), 11);
  EXPECT_EQ(get(counter.call<int(int) const>(&Counter::scaled, 3)), 33);
  EXPECT_EQ(get(counter.call<double(double) const>(&Counter::scaled, 0.5)), 5.5);
  EXPECT_EQ(get(counter.call<std::string(const std::string&) const>(&Counter::scaled, "m")), "11m");
  ObjectRef<void> done = counter.call(&Counter::reset);
  get(done);
  EXPECT_EQ(get(counter.call(&Counter::value)), 0);
}

TEST_F(ClusterTest, CallablesOnTheActor) {
  open();
  auto counter = actor<Counter>(10);
  EXPECT_EQ(get(counter.call([](Counter& c) { return c.add(1); })), 11);
  EXPECT_EQ(get(counter.call([](Counter& c, int d) { return c.add(d); }, 2)), 13);
  int by = 7;
  EXPECT_EQ(get(counter.call([by](Counter& c) { return c.add(by); })), 20);
  EXPECT_EQ(get(counter.call(capture([](const std::string& s,
                                        const Counter& c) { return s + std::to_string(c.value()); },
                                     std::string("n=")))),
            "n=20");
  EXPECT_EQ(get(counter.call(twice)), 40);
  EXPECT_EQ(get(counter.call(&twice)), 40);
  EXPECT_EQ(get(counter.call(plus, 2)), 22);
  EXPECT_EQ(get(counter.call(&Counter::doubled)), 40);
  EXPECT_EQ(get(counter.call<twice>()), 80);
}

TEST_F(ClusterTest, ConstructorArgumentsMeetParametersAsThoseOfFunctions) {
  open();
  const std::vector<double> three = {1, 2, 3};
  auto vector = put(three);
  auto array = put(arange<double>(3));
  using Numbers = std::vector<double>;
  EXPECT_EQ(get(actor<Converts>(vector, array, array, "a").call(&Converts::read)),
            (Numbers{1, 1, 2}));
  EXPECT_EQ(get(actor<Converts>(three, array, full<double>(3, 7.0), "b").call(&Converts::read)),
            (Numbers{1, 1, 7}));
  auto number = put(5);
  auto mixed = actor<Converts>(number, put(0.5), std::vector{number, number}, "text", vector);
  EXPECT_EQ(get(mixed.call(&Converts::read)), (Numbers{5, 0.5, 2, 3}));
  EXPECT_EQ(get(mixed.call(&Converts::text)), "text");
  EXPECT_EQ(get(array), get(put(arange<double>(3))));
  auto [a, b] = mixed.unpack().call<std::tuple<int, int>(int)>(&Converts::pair, 4);
  EXPECT_EQ(get(a) + get(b), 9);
}

std::string running_name(Counter&) { return this_task().name(); }

TEST_F(ClusterTest, CallablesOnTheActorHaveTheirOwnNames) {
  open();
  auto counter = actor<Counter>();
  EXPECT_EQ(get(counter.call(named<"given">([](Counter&) { return this_task().name(); }))),
            "given");
  EXPECT_NE(get(counter.call(running_name)).find("running_name"), std::string::npos);
  const std::string lambda = get(counter.call([](Counter&) { return this_task().name(); }));
  EXPECT_NE(lambda.find("lambda"), std::string::npos) << lambda;
}

TEST_F(ClusterTest, SelfAsABase) {
  open();
  auto square = actor<Square>(3.0);
  auto named = get(square.call(&Square::as_named));  // not the first base: at another address
  EXPECT_EQ(get(named.call(&Named::title)), "square 3");
  EXPECT_EQ(get(named.call(&Named::read_tag)), 42);
  try {
    get(square.call(&Square::as_something_else));
    ADD_FAILURE();
  } catch (const InvalidArgument& error) {
    EXPECT_NE(std::string(error.what()).find("Counter"), std::string::npos) << error.what();
  }
}

TEST_F(ClusterTest, InheritedAndVirtualMethods) {
  open();
  auto square = actor<Square>(3.0);
  EXPECT_EQ(get(square.call(&Square::area)), 9);
  EXPECT_EQ(get(square.call(&Shape::area)), 9);
  EXPECT_EQ(get(square.call(&Square::name)), "square");
  EXPECT_EQ(get(square.call(&Square::read_tag)), 42);  // of the second base
  EXPECT_EQ(get(square.call(&Named::title)), "square 3");
}

TEST_F(ClusterTest, HandlesConvertToPublicBases) {
  open();
  auto square = actor<Square>(4.0);
  ActorHandle<Shape> shape = square;
  ActorHandle<Named> named = square;
  EXPECT_EQ(get(shape.call(&Shape::area)), 16);
  EXPECT_EQ(get(named.call(&Named::read_tag)), 42);
  EXPECT_EQ(get(named.call(&Named::title)), "square 4");
  EXPECT_EQ(get(named.call([](Named& n) { return ++n.tag; })), 43);
  EXPECT_EQ(get(square.call(&Square::read_tag)), 43);
  EXPECT_TRUE(shape == square);
  EXPECT_TRUE(named == shape);
}

TEST_F(ClusterTest, UnpackGivesOneRefPerElement) {
  open();
  auto counter = actor<Counter>(8);
  auto [n, name] = counter.unpack().call(&Counter::both);
  EXPECT_EQ(get(n), 8);
  EXPECT_EQ(get(name), "n");
  EXPECT_EQ(get(counter.call(&Counter::both)), std::tuple(8, std::string("n")));
}

TEST_F(ClusterTest, ArgumentsOfMethodsMayBeRefs) {
  open();
  auto counter = actor<Counter>(1);
  EXPECT_EQ(get(counter.call(&Counter::add, put(4))), 5);
  EXPECT_EQ(get(counter.call(&Counter::add, remote(slow_value)(5))), 10);
  const auto first = counter.call(&Counter::add, 1);
  EXPECT_EQ(get(counter.call(&Counter::add, first)), 22);
}

TEST_F(ClusterTest, ConstructorArgumentsOfEveryKind) {
  open();
  EXPECT_EQ(get(actor<FromParts>("a", std::vector{1, 2}, 3).call(&FromParts::show)), "a 2 3");
  auto text = put("text");
  auto numbers = put(std::vector{1, 2, 3});
  auto x = remote(slow_value)(4);
  EXPECT_EQ(get(actor<FromParts>(text, numbers, x).call(&FromParts::show)), "text 3 4");
  EXPECT_EQ(get(actor<Counter>(remote(slow_value)(6)).call(&Counter::value)), 6);
  EXPECT_EQ(get(actor<KeepsRef>(put(7)).call(&KeepsRef::read)), 7);
  EXPECT_EQ(get(actor<KeepsRef>(remote(slow_value)(8)).call(&KeepsRef::read)), 8);
}

TEST_F(ClusterTest, LargeArgumentsOfConstructorsAndMethods) {
  open();
  const std::string large(300'000, 'x');
  const std::vector<std::string> many(5'000, std::string(40, 'y'));
  struct Holder {
    Holder(std::string s, std::vector<std::string> v) : size(s.size() + v.size() * v[0].size()) {}
    std::size_t add(const std::string& s, const std::vector<std::string>& v) {
      return size += s.size() + v.size() * v[0].size();
    }
    std::size_t size;
  };
  auto holder = actor<Holder>(large, many);
  EXPECT_EQ(get(holder.call(&Holder::add, large, many)), 1'000'000u);
  EXPECT_EQ(get(holder.call(&Holder::add, put(large), put(many))), 1'500'000u);
}

TEST_F(ClusterTest, ReadyIsWhenConstructed) {
  open();
  auto counter = actor<Counter>(1);
  get(counter.ready());
  EXPECT_TRUE(counter.ready().ready());
  auto [ready, pending] = wait({counter.ready(), counter.ended()}, {.num_ready = 1});
  EXPECT_EQ(ready.size(), 1u);
  EXPECT_TRUE(ready[0] == counter.ready());
}

TEST_F(ClusterTest, ConstructorThatThrowsFailsEveryCall) {
  open();
  auto refuses = actor<Refuses>(3);
  auto before = refuses.call(&Refuses::call);
  EXPECT_THROW(get(refuses.ready()), std::out_of_range);
  auto after = refuses.call(&Refuses::call);
  for (const auto& ref : {before, after}) {
    try {
      get(ref);
      FAIL();
    } catch (const TaskError& error) {
      EXPECT_EQ(error.message(), "Refuses(3)");
      EXPECT_EQ(error.attempt(), 1);
      EXPECT_TRUE(error.function().ends_with("Refuses")) << error.function();
      EXPECT_NE(dynamic_cast<const std::out_of_range*>(&error), nullptr);
    }
  }
  EXPECT_THROW(get(refuses.ended()), std::out_of_range);
  EXPECT_EQ(get(actor<Refuses>(0).call(&Refuses::call)), 1);
}

TEST_F(ClusterTest, ConstructorArgumentThatFailsFailsEveryCall) {
  open();
  auto counter = actor<Counter>(remote(throws)(1));
  auto call = counter.call(&Counter::value);
  EXPECT_THROW(get(call), std::domain_error);
  EXPECT_THROW(get(counter.ready()), std::domain_error);
  EXPECT_THROW(get(counter.call(&Counter::value)), std::domain_error);
}

TEST_F(ClusterTest, MethodThatThrowsLeavesTheActorAlive) {
  open();
  auto counter = actor<Counter>(9);
  try {
    get(counter.call(&Counter::fail));
    FAIL();
  } catch (const std::invalid_argument& error) {
    EXPECT_NE(std::string(error.what()).find("no more than 9"), std::string::npos);
  }
  EXPECT_EQ(get(counter.call(&Counter::value)), 9);
}

TEST_F(ClusterTest, PostHasNoResult) {
  open();
  auto counter = actor<Counter>(0);
  for (int i = 0; i < 100; ++i) counter.post(&Counter::add, 1);
  counter.post<&Counter::add>(1);
  counter.post([](Counter& c) { c.add(1); });
  counter.post(&Counter::fail);  // logged, and that is all
  EXPECT_EQ(get(counter.call(&Counter::value)), 102);
}

TEST_F(ClusterTest, CallOptionsNameTheCall) {
  open();
  auto counter = actor<Counter>(0);
  auto named = counter.with({.name = "my call"});
  EXPECT_TRUE(named == counter);
  EXPECT_EQ(get(named.call([](Counter&) { return this_task().name(); })), "my call");
  try {
    get(named.call(&Counter::fail));
    FAIL();
  } catch (const TaskError& error) {
    EXPECT_EQ(error.function(), "my call");
  }
}

TEST_F(ClusterTest, OptionsThatAreNotSupportedAreRefused) {
  open();
  EXPECT_THROW(actor<Counter>(ActorOptions{.cpus = -1}, 1), InvalidArgument);
  EXPECT_THROW(actor<Counter>(ActorOptions{.max_concurrency = 0}, 1), InvalidArgument);
  auto counter = actor<Counter>(ActorOptions{}, 1);
  EXPECT_THROW(counter.with({.concurrency_group = "unknown"}), InvalidArgument);
  EXPECT_EQ(get(counter.call(&Counter::value)), 1);
}

TEST_F(ClusterTest, UnschedulableActorSaysSo) {
  open();
  auto counter = actor<Counter>(ActorOptions{.cpus = 100}, 1);
  EXPECT_THROW(get(counter.call(&Counter::value)), Unschedulable);
  EXPECT_THROW(get(counter.ready()), Unschedulable);
}

TEST_F(ClusterTest, EmptyHandlesAreRefused) {
  open();
  const ActorHandle<Counter> none;
  EXPECT_FALSE(none);
  EXPECT_THROW(none.call(&Counter::value), InvalidArgument);
  EXPECT_THROW(none.post(&Counter::value), InvalidArgument);
  EXPECT_THROW(none.ready(), InvalidArgument);
  EXPECT_THROW(none.ended(), InvalidArgument);
  EXPECT_THROW(none.kill(), InvalidArgument);
  EXPECT_THROW(none.id(), InvalidArgument);
  EXPECT_THROW(this_actor(), InvalidArgument);
  EXPECT_THROW(exit_actor(), InvalidArgument);
}

}  // namespace
}  // namespace manta::testing
