// What is one object before is one object after.
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "../../base/error.h"
#include "../register.h"
#include "../round_trip_test.h"

namespace manta::serialization {
namespace {

using testing::HasSubstr;

template <class F>
std::string message_of(F f) {
  try {
    f();
  } catch (const SerializationError& error) {
    return error.what();
  }
  return "nothing was thrown";
}

struct Node {
  int value = 0;
  std::shared_ptr<Node> next = {};
  std::weak_ptr<Node> back = {};
};

TEST(Identity, NinetyNinePointersToOneObject) {
  const std::vector<std::shared_ptr<std::string>> before(99, std::make_shared<std::string>("x"));
  EXPECT_LT(encoded(before).meta.size(), 250u);
  const auto after = round_trip(before);
  EXPECT_EQ(after[0], after[98]);
  EXPECT_EQ(after[0].use_count(), 99);
  EXPECT_EQ(*after[0], "x");
}

TEST(Identity, EqualValuesStayTwo) {
  const auto after = round_trip(std::vector{std::make_shared<int>(1), std::make_shared<int>(1)});
  EXPECT_NE(after[0], after[1]);
}

TEST(Identity, Cycles) {
  auto a = std::make_shared<Node>(Node{1});
  a->next = std::make_shared<Node>(Node{2});
  a->next->next = a;
  a->next->back = a;
  const auto b = round_trip(a);
  EXPECT_EQ(b->next->next, b);
  EXPECT_EQ(b->next->back.lock(), b);
  EXPECT_EQ(b->next->value, 2);
  a->next->next = nullptr;
  b->next->next = nullptr;
}

TEST(Identity, ALongListNeitherRecursesWhenWrittenNorWhenRead) {
  constexpr int kNodes = 200'000;
  std::vector<std::shared_ptr<Node>> nodes;
  for (int i = 0; i < kNodes; ++i) {
    nodes.push_back(std::make_shared<Node>(Node{i}));
  }
  for (int i = 0; i + 1 < kNodes; ++i) {
    nodes[static_cast<std::size_t>(i)]->next = nodes[static_cast<std::size_t>(i) + 1];
  }
  std::shared_ptr<Node> list = round_trip(nodes[0]);
  int count = 0;
  for (; list != nullptr; ++count) {
    EXPECT_EQ(list->value, count);
    list = std::exchange(list->next, nullptr);
  }
  EXPECT_EQ(count, kNodes);
  for (auto& node : nodes) {
    node->next = nullptr;
  }
}

TEST(Identity, WeakPointersToNothingOwnedComeBackEmpty) {
  const auto outside = std::make_shared<Node>();
  const Node node{3, nullptr, outside};
  const Node after = round_trip(node);
  EXPECT_TRUE(after.back.expired());
  EXPECT_EQ(after.value, 3);
}

TEST(Identity, NullPointers) {
  EXPECT_EQ(round_trip(std::shared_ptr<int>()), nullptr);
  EXPECT_EQ(round_trip(std::unique_ptr<int>()), nullptr);
  EXPECT_EQ(round_trip(observer<int>()).get(), nullptr);
}

TEST(Identity, AnObjectAndItsFirstMemberAreTwo) {
  struct Outer {
    int first = 1;
    int second = 2;
  };
  struct Both {
    std::shared_ptr<Outer> outer;
    std::shared_ptr<int> other;
  };
  const Both after = round_trip(Both{std::make_shared<Outer>(), std::make_shared<int>(7)});
  EXPECT_EQ(after.outer->second, 2);
  EXPECT_EQ(*after.other, 7);
}

TEST(Identity, AliasingPointersAreRefused) {
  struct Outer {
    int first = 0;
    int part = 1;
  };
  struct Both {
    std::shared_ptr<Outer> outer;
    std::shared_ptr<int> part;
  };
  Both both;
  both.outer = std::make_shared<Outer>();
  both.part = std::shared_ptr<int>(both.outer, &both.outer->part);
  EXPECT_THAT(message_of([&] { encoded(both); }), HasSubstr("aliasing"));
  EXPECT_THAT(message_of([&] { encoded(both.part); }), HasSubstr("aliasing"));
  EXPECT_EQ(round_trip(round_trip(both.outer))->part, 1);
  int outside = 0;
  const std::shared_ptr<int> unowned(std::shared_ptr<int>(), &outside);
  EXPECT_THAT(message_of([&] { encoded(unowned); }), HasSubstr("aliasing"));
}

struct Tree {
  std::string name;
  std::vector<std::unique_ptr<Tree>> children;
  observer<Tree> parent;
};

TEST(Identity, ObserversPointIntoTheSameValue) {
  auto root = std::make_unique<Tree>(Tree{"root", {}, {}});
  root->children.push_back(std::make_unique<Tree>(Tree{"child", {}, root.get()}));
  const auto after = round_trip(root);
  EXPECT_EQ(after->children[0]->parent.get(), after.get());

  struct Forward {
    observer<int> link;
    std::unique_ptr<int> unique;
    observer<std::string> other;
    std::shared_ptr<std::string> shared;
  };
  Forward forward{{}, std::make_unique<int>(5), {}, std::make_shared<std::string>("s")};
  forward.link = forward.unique.get();
  forward.other = forward.shared.get();
  const Forward back = round_trip(forward);
  EXPECT_EQ(back.link.get(), back.unique.get());
  EXPECT_EQ(back.other.get(), back.shared.get());
}

TEST(Identity, AnObserverOfSomethingElseIsRefused) {
  int outside = 0;
  EXPECT_THAT(message_of([&] { encoded(observer<int>(&outside)); }), HasSubstr("observer"));
}

struct Shape {
  virtual ~Shape() = default;
  virtual double area() const = 0;
};
struct Named {
  virtual ~Named() = default;
  std::string name = "named";
};
struct Square : Named, Shape {
  explicit Square(double s = 0) : side(s) {}
  double area() const override { return side * side; }
  static constexpr auto manta_members() { return std::tuple(&Square::side, &Square::name); }
  double side;
};
struct Circle : Shape {
  double area() const override { return 3; }
};

TEST(Identity, RegisteredTypesComeBackThroughTheirBases) {
  register_type<Square, Shape>();
  register_type<Square, Shape>();
  register_type<Square, Named>();
  const auto square = std::make_shared<Square>(3);
  square->name = "s";
  struct Three {
    std::shared_ptr<Shape> shape;
    std::shared_ptr<Named> named;
    std::shared_ptr<Square> square;
    std::unique_ptr<Shape> alone;
  };
  const Three after = round_trip(Three{square, square, square, std::make_unique<Square>(4)});
  EXPECT_EQ(after.shape->area(), 9);
  EXPECT_EQ(after.named->name, "s");
  EXPECT_EQ(after.shape.get(), after.square.get());
  EXPECT_EQ(after.named.get(), after.square.get());
  EXPECT_EQ(after.alone->area(), 16);
  const std::shared_ptr<Shape> circle = std::make_shared<Circle>();
  EXPECT_THAT(message_of([&] { encoded(circle); }), HasSubstr("register_type"));
}

struct Self : std::enable_shared_from_this<Self> {
  int value = 0;
  std::shared_ptr<Self> other;
  static constexpr auto manta_members() { return std::tuple(&Self::value, &Self::other); }
};

TEST(Identity, SharedFromThisFindsTheSameOwner) {
  auto self = std::make_shared<Self>();
  self->value = 4;
  self->other = self;
  const auto after = round_trip(self);
  EXPECT_EQ(after->shared_from_this(), after);
  EXPECT_EQ(after.use_count(), 2);
  EXPECT_EQ(after->other->value, 4);
  self->other = nullptr;
  after->other = nullptr;
}

struct ByValue {
  bool operator()(const std::shared_ptr<std::string>& a,
                  const std::shared_ptr<std::string>& b) const {
    return *a < *b;
  }
};

TEST(Identity, KeysComparedByWhatTheyPointToAreThereInTime) {
  const std::set<std::shared_ptr<std::string>, ByValue> before{std::make_shared<std::string>("b"),
                                                               std::make_shared<std::string>("a")};
  const auto after = round_trip(before);
  ASSERT_EQ(after.size(), 2u);
  EXPECT_EQ(**after.begin(), "a");
  const std::set<std::shared_ptr<int>> by_address{std::make_shared<int>(1)};
  EXPECT_EQ(round_trip(by_address).size(), 1u);
}

struct Link {
  std::shared_ptr<Node> node;
  explicit Link(std::shared_ptr<Node> n) : node(std::move(n)), seen(node->value) {}
  auto manta_reduce() const { return std::tuple(node); }
  int seen;  // looked at while the value is read
};

TEST(Identity, AReducedStateIsCompleteWhenItIsRestored) {
  const auto node = std::make_shared<Node>(Node{5, std::make_shared<Node>(Node{6})});
  const std::pair<std::shared_ptr<Node>, std::vector<Link>> before{node, {Link(node), Link(node)}};
  const auto after = round_trip(before);
  EXPECT_EQ(after.second[0].seen, 5);
  EXPECT_EQ(after.second[1].node, after.first);
}

struct Loop {
  std::shared_ptr<std::vector<Loop>> all;
  auto manta_reduce() const { return std::tuple(all); }
  explicit Loop(std::shared_ptr<std::vector<Loop>> a) : all(std::move(a)) {}
};

TEST(Identity, ACycleThroughAReducedTypeIsRefused) {
  auto all = std::make_shared<std::vector<Loop>>();
  all->push_back(Loop(all));
  EXPECT_THAT(message_of([&] { encoded(all); }), HasSubstr("manta_reduce"));
  all->clear();
}

struct Counting {
  static inline int alive = 0;
  int value = 0;
  std::shared_ptr<Counting> next;
  Counting() { ++alive; }
  Counting(const Counting&) = delete;
  Counting& operator=(Counting&&) = default;
  Counting(Counting&& other) noexcept : value(other.value), next(std::move(other.next)) { ++alive; }
  ~Counting() { --alive; }
  static constexpr auto manta_members() { return std::tuple(&Counting::value, &Counting::next); }
};

TEST(Identity, AFailedReadFreesAllItMade) {
  Encoded bytes;
  {
    auto a = std::make_shared<Counting>();
    a->next = std::make_shared<Counting>();
    a->next->next = a;
    bytes = encoded(a);
    a->next = nullptr;
  }
  ASSERT_EQ(Counting::alive, 0);
  for (std::size_t size = 0; size < bytes.meta.size(); ++size) {
    EXPECT_THROW(
        decode<std::shared_ptr<Counting>>(EncodedView(std::span(bytes.meta).first(size), {}, {})),
        SerializationError);
    EXPECT_EQ(Counting::alive, 0);
  }
  bytes.meta.push_back(std::byte{0});
  EXPECT_THROW(decode<std::shared_ptr<Counting>>(bytes), SerializationError);
  EXPECT_EQ(Counting::alive, 0);
}

struct Deep {
  std::vector<Deep> inner;
};

TEST(Identity, NestingByValueHasALimit) {
  Deep deep;
  for (int i = 0; i < kMaxDepth - 2; ++i) {
    Deep outer;
    outer.inner.push_back(std::move(deep));
    deep = std::move(outer);
  }
  EXPECT_NO_THROW(round_trip(deep));
  for (int i = 0; i < 5; ++i) {
    Deep outer;
    outer.inner.push_back(std::move(deep));
    deep = std::move(outer);
  }
  EXPECT_THAT(message_of([&] { encoded(deep); }),
              HasSubstr("exceeds the maximum depth; it may contain itself recursively"));
}

}  // namespace
}  // namespace manta::serialization
