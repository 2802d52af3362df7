// One copy, however often referenced: identity of shared objects and arrays through put, get and tasks.
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "cluster_fixture.h"

namespace manta::testing {
namespace {

class SharedObjects : public ClusterTest {
 protected:
  void SetUp() override {
    ClusterTest::SetUp();
    open();
  }
};

struct Account {
  std::string owner;
  int balance = 0;
};
using Accounts = std::vector<std::shared_ptr<Account>>;
using Arrays = std::vector<Array<double>>;

std::string flaws_of(const Accounts& v) {
  if (v.size() != 99) return "another size";
  for (const auto& account : v) {
    if (account != v[0]) return "several objects";
  }
  if (v[0].use_count() != 99) return "use count " + std::to_string(v[0].use_count());
  return v[0]->owner == "Ada" && v[0]->balance == 7 ? "" : "another value";
}
std::string flaws_of(const Arrays& v) {
  if (v.size() != 99) return "another size";
  for (const auto& array : v) {
    if (!same_storage(array, v[0])) return "several arrays";
    if (array.size() != v[0].size() || array[v[0].size() - 1] != double(v[0].size() - 1)) {
      return "another value";
    }
  }
  return "";
}
Accounts ninety_nine_accounts() {
  return Accounts(99, std::make_shared<Account>(Account{"Ada", 7}));
}
Arrays ninety_nine_arrays(std::size_t n) { return Arrays(99, arange<double>(n)); }

TEST_F(SharedObjects, NinetyNineReferencesToOneObjectStayOne) {
  const auto ref = put(ninety_nine_accounts());
  EXPECT_EQ(flaws_of(get(ref)), "");
  EXPECT_NE(get(ref)[0], get(ref)[0]);  // each get makes its own
  const auto in_task = remote([](const Accounts& v) { return flaws_of(v); });
  EXPECT_EQ(get(in_task(ref)), "");
  EXPECT_EQ(get(in_task(ninety_nine_accounts())), "");
  EXPECT_EQ(flaws_of(get(remote(ninety_nine_accounts)())), "");
  EXPECT_EQ(get(in_task(remote(ninety_nine_accounts)())), "");
  EXPECT_LT(serialize(ninety_nine_accounts()).size(), 250U);
}

TEST_F(SharedObjects, NinetyNineReferencesToOneArrayStayOne) {
  for (const std::size_t n : {1u, 8u, 1'000u, 100'000u}) {
    SCOPED_TRACE(n);
    const auto before = store_bytes_used();
    const auto ref = put(ninety_nine_arrays(n));
    const auto got = get(ref), again = get(ref);
    EXPECT_EQ(flaws_of(got), "");
    EXPECT_TRUE(n < 8 || same_storage(got[0], again[98]));
    const auto in_task = remote([](const Arrays& v) { return flaws_of(v); });
    EXPECT_EQ(get(in_task(ref)), "");
    EXPECT_EQ(get(in_task(ninety_nine_arrays(n))), "");
    EXPECT_EQ(flaws_of(get(remote(ninety_nine_arrays)(n))), "");
    EXPECT_EQ(get(in_task(remote(ninety_nine_arrays)(n))), "");
    const std::size_t bytes = n * sizeof(double);
    EXPECT_TRUE(eventually([&] { return store_bytes_used() < before + 2 * bytes + 16'384; }));
    const std::size_t of_one = serialize(Arrays(1, got[0])).size();
    EXPECT_LT(serialize(got).size() - of_one, 150U);  // a byte for each other reference
  }
}

TEST_F(SharedObjects, IdentityEndsAtEachArgument) {
  const auto account = std::make_shared<Account>(Account{"Ada", 7});
  const auto array = Array<double>(arange<double>(1'000));
  using Pair = std::pair<std::shared_ptr<Account>, std::shared_ptr<Account>>;
  const auto count = [](const Pair& pair, const std::shared_ptr<Account>& other) {
    return std::pair(pair.first == pair.second, pair.first == other);
  };
  EXPECT_EQ(get(remote(count)(Pair{account, account}, account)), std::pair(true, false));
  EXPECT_EQ(get(remote([](const Array<double>& a, const Array<double>& b) { return a == b; })(
                array, array)),
            true);
}

// What a task does to its copy is seen by nobody else.
TEST_F(SharedObjects, AChangeInATaskIsOfItsCopy) {
  auto account = std::make_shared<Account>(Account{"Ada", 7});
  const auto ref = put(account);
  const auto spend = remote([](const std::shared_ptr<Account>& a) { return a->balance -= 5; });
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(get(spend(ref)), 2);
    EXPECT_EQ(get(spend(account)), 2);
  }
  get(ref)->balance = 100;
  account->balance = 50;
  EXPECT_EQ(get(ref)->balance, 7);
}

struct Node {
  int value = 0;
  std::shared_ptr<Node> next = {};
  std::weak_ptr<Node> back = {};
};
std::shared_ptr<Node> make_ring() {
  auto a = std::make_shared<Node>(Node{1});
  a->next = std::make_shared<Node>(Node{2});
  a->next->next = a;
  a->next->back = a;
  return a;
}
std::string flaws_of_ring(const std::shared_ptr<Node>& a) {
  if (a->next->next != a) return "no ring";
  if (a->next->back.lock() != a) return "the way back leads elsewhere";
  return a->value == 1 && a->next->value == 2 ? "" : "other values";
}
void open_ring(const std::shared_ptr<Node>& a) { a->next->next = nullptr; }

// Item 3 of the acceptance list.
TEST_F(SharedObjects, ACycleIsACycleInATaskAndInItsResult) {
  const auto ring = make_ring();
  const auto in_task = remote([](const std::shared_ptr<Node>& a) {
    auto flaws = flaws_of_ring(a);
    open_ring(a);
    return flaws;
  });
  EXPECT_EQ(get(in_task(ring)), "");
  EXPECT_EQ(flaws_of_ring(ring), "");
  const auto ref = put(ring);
  EXPECT_EQ(get(in_task(ref)), "");
  for (const auto& got : {get(ref), get(remote(make_ring)())}) {
    EXPECT_NE(got, ring);
    EXPECT_EQ(flaws_of_ring(got), "");
    open_ring(got);
  }
  open_ring(ring);
}

struct Shape {
  virtual ~Shape() = default;
  virtual double area() const = 0;
};
struct Square final : Shape {
  explicit Square(double s) : side(s) {}
  Square() = default;
  double area() const override { return side * side; }
  static constexpr auto manta_members() { return std::tuple(&Square::side); }
  double side = 0;
};
const OnStart shapes{[] { register_type<Square, Shape>(); }};

TEST_F(SharedObjects, OfADerivedTypeAreOneBehindTheirBase) {
  using Shapes = std::vector<std::shared_ptr<Shape>>;
  const Shapes before(99, std::make_shared<Square>(3));
  const auto in_task = remote(
      [](const Shapes& v) { return v[0] == v[98] && v[0].use_count() == 99 ? v[0]->area() : -1; });
  EXPECT_EQ(get(in_task(before)), 9);
  const Shapes after = get(put(before));
  EXPECT_EQ(after[0], after[98]);
  EXPECT_NE(std::dynamic_pointer_cast<Square>(after[50]), nullptr);
}

}  // namespace
}  // namespace manta::testing
