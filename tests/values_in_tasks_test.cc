// Values of every supported type, there and back through tasks; what is said of those that cannot travel.
#include <array>
#include <bitset>
#include <chrono>
#include <complex>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <forward_list>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <queue>
#include <set>
#include <stack>
#include <string>
#include <tuple>
#include <unordered_map>
#include <unordered_set>
#include <valarray>
#include <variant>
#include <vector>

#include <gmock/gmock.h>

#include "cluster_fixture.h"

namespace manta::testing {
namespace {

using ::testing::HasSubstr;
using namespace std::chrono_literals;

class ValuesInTasks : public ClusterTest {
 protected:
  void SetUp() override {
    ClusterTest::SetUp();
    open();
  }
};

// ---- item 1 of the acceptance list: a struct with every supported type

enum Plain { kRed, kGreen };
enum class Scoped : std::uint8_t { kOne = 1, kTwo };

struct Numbers {
  bool yes = true;
  char letter = 'x';
  std::int8_t i8 = -8;
  std::uint8_t u8 = 200;
  std::int16_t i16 = -16'000;
  std::uint16_t u16 = 60'000;
  std::int32_t i32 = -2'000'000'000;
  std::uint32_t u32 = 4'000'000'000;
  std::int64_t i64 = INT64_MIN;
  std::uint64_t u64 = UINT64_MAX;
  float f = 0.1F;
  double d = 0.1;
  char16_t c16 = u'\u00e4';
  char32_t c32 = U'\U0001F600';
  std::byte byte{7};
  Plain plain = kGreen;
  Scoped scoped = Scoped::kTwo;
  std::complex<double> complex{1, -2};
  std::bitset<70> bits{0x5a5a};
  std::chrono::milliseconds duration = 1500ms;
  std::chrono::system_clock::time_point moment{1'700'000'000s};
  bool operator==(const Numbers&) const = default;
};
struct Sequences {
  std::string text = "text", long_text = std::string(5'000, 'l'), empty;
  std::u16string text16 = u"sechzehn";
  std::u32string text32 = U"zweiunddreissig";
  std::filesystem::path path = "/tmp/a b";
  std::vector<double> numbers = std::vector<double>(1'000, 2.5);
  std::vector<bool> flags{true, false, true};
  std::vector<std::vector<std::string>> table{{}, {"a", "b"}};
  std::array<std::string, 2> array{"left", "right"};
  std::deque<int> deque{1, 2, 3};
  std::list<std::string> list{"one", "two"};
  std::forward_list<int> forward{4, 5};
  std::stack<int> stack{{1, 2}};
  std::queue<std::string> queue{{"first", "second"}};
  bool operator==(const Sequences&) const = default;
};
struct Associations {
  std::set<std::string> set{"a", "b"};
  std::multiset<int> multiset{1, 1, 2};
  std::map<std::string, std::vector<int>> map{{"k", {1, 2}}, {"l", {}}};
  std::multimap<int, std::string> multimap{{1, "x"}, {1, "y"}};
  std::unordered_set<int> unordered_set{5, 6, 7};
  std::unordered_map<std::string, double> unordered_map{{"pi", 3.14}, {"e", 2.72}};
  std::unordered_multiset<std::string> unordered_multiset{"a", "a"};
  std::unordered_multimap<int, int> unordered_multimap{{1, 2}, {1, 3}};
  bool operator==(const Associations&) const = default;
};
struct Products {
  std::pair<int, std::string> pair{1, "one"};
  std::tuple<int, std::string, std::vector<int>> tuple{1, "t", {2, 3}};
  std::optional<std::string> some = "some", none = std::nullopt;
  std::variant<std::monostate, int, std::string> variant = "chosen";
  int c_array[2][3] = {{1, 2, 3}, {4, 5, 6}};
  Bytes bytes{std::string_view("bytes")};
  bool operator==(const Products&) const = default;
};
struct Link {
  int value = 0;
  std::shared_ptr<Link> next = {};
  std::weak_ptr<Link> back = {};
};
struct Cell {
  int set(int to) { return value = to; }
  int get() const { return value; }
  int value = 0;
};
std::priority_queue<int> priorities_of(std::vector<int> numbers) {
  return std::priority_queue<int>(std::less<int>(), std::move(numbers));
}
struct Every {
  Numbers numbers = {};
  Sequences sequences = {};
  Associations associations = {};
  Products products = {};
  std::valarray<double> valarray = {1, 2, 3};
  std::priority_queue<int> priorities = priorities_of({3, 9, 5});
  std::unique_ptr<std::string> unique = std::make_unique<std::string>("unique");
  std::unique_ptr<int> empty = nullptr;
  std::shared_ptr<Link> shared = std::make_shared<Link>();
  Array<double> array = arange<double>(1'000), small = arange<double>(3);
  Array<double> matrix = full<double>({3, 4}, 0.5);
  ObjectRef<std::string> ref = {};
  ObjectRef<int> no_ref = {};
  ActorHandle<Cell> cell = {};
};
Every make_every() {
  Every every;
  every.shared->next = std::make_shared<Link>(Link{2, {}, every.shared});
  every.ref = put(std::string("referred to"));
  every.cell = actor<Cell>();
  get(every.cell.call(&Cell::set, 41));
  return every;
}
std::vector<int> drained(std::priority_queue<int> queue) {
  std::vector<int> all;
  for (; !queue.empty(); queue.pop()) all.push_back(queue.top());
  return all;
}
// What of it is not as it was made.
std::string changes_in(const Every& every) {
  const Every made;
  std::string changes;
  const auto check = [&](bool same, const char* what) {
    if (!same) changes += std::string(what) + " ";
  };
  check(every.numbers == made.numbers, "numbers");
  check(every.sequences == made.sequences, "sequences");
  check(every.associations == made.associations, "associations");
  check(every.products == made.products, "products");
  check(every.valarray.size() == 3 && every.valarray.sum() == 6, "valarray");
  check(drained(every.priorities) == std::vector{9, 5, 3}, "priorities");
  check(every.unique != nullptr && *every.unique == "unique", "unique");
  check(every.empty == nullptr, "empty");
  check(every.shared->next->value == 2, "shared");
  check(every.shared->next->back.lock() == every.shared, "weak");
  check(every.shared->back.expired(), "empty weak");
  check(every.array == made.array && every.small == made.small, "array");
  check(every.matrix == made.matrix && every.matrix.shape()[1] == 4, "matrix");
  check(get(every.ref) == "referred to", "ref");
  check(!every.no_ref, "no_ref");
  check(get(every.cell.call(&Cell::get)) == 41, "cell");
  return changes;
}
Every changed(Every every) {
  if (const auto changes = changes_in(every); !changes.empty()) throw std::logic_error(changes);
  every.numbers.i32 = 1;
  every.sequences.numbers[0] = -1;
  every.sequences.table[1][0] = "changed";
  every.associations.map.clear();
  every.products.c_array[1][1] = -5;
  *every.unique = "changed";
  every.shared->next->value = 3;
  every.array = zeros<double>(5);
  every.ref = put(std::string("another"));
  return every;
}
constexpr const char* kChanged = "numbers sequences associations products unique shared array ref ";

TEST_F(ValuesInTasks, EverySupportedTypeGoesThereAndBackUnchanged) {
  const auto same = remote([](Every every) { return every; });
  EXPECT_EQ(changes_in(get(put(make_every()))), "");
  EXPECT_EQ(changes_in(get(same(make_every()))), "");
  EXPECT_EQ(changes_in(get(same(put(make_every())))), "");
  EXPECT_EQ(changes_in(get(same(remote(make_every)()))), "");
}

TEST_F(ValuesInTasks, AChangeInTheWorkersCopyChangesNothingElse) {
  const auto every = make_every();
  const auto ref = put(every);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(changes_in(get(remote(changed)(every))), kChanged);
    EXPECT_EQ(changes_in(get(remote(changed)(ref))), kChanged);
  }
  EXPECT_EQ(changes_in(every), "");
  EXPECT_EQ(changes_in(get(ref)), "");
}

// Item 6 of the acceptance list, for all that a value holds.
TEST_F(ValuesInTasks, AChangeAfterThePutOrCallChangesNothing) {
  auto every = make_every();
  const auto ref = put(every);
  const auto pending = remote(changes_in)(every);
  every.sequences.numbers.assign(1'000, -1);
  every.sequences.long_text.assign(5'000, 'm');
  every.sequences.table.clear();
  every.associations.map["k"][0] = -1;
  *every.unique = "changed";
  every.shared->next->value = 5;
  every.valarray[0] = 9;
  EXPECT_EQ(get(pending), "");
  EXPECT_EQ(changes_in(get(ref)), "");
}

// ---- item 4: lambdas and local types

TEST_F(ValuesInTasks, LambdasMadeInLambdasAndLocalStructsRunInWorkers) {
  struct Local {
    std::string name;
    std::vector<double> numbers;
  };
  const auto make = [](double factor) {
    return [factor](const Local& in) {
      Local out{in.name + "!", in.numbers};
      for (double& x : out.numbers) x *= factor;
      return out;
    };
  };
  const Local out = get(remote(make(3))(Local{"local", {1, 2}}));
  EXPECT_EQ(out.name, "local!");
  EXPECT_EQ(out.numbers, (std::vector<double>{3, 6}));
  const auto made_there = remote([](const Local& in) {
    const auto inner = [](const Local& l) { return Local{l.name + "?", l.numbers}; };
    return get(remote(inner)(in));
  });
  EXPECT_EQ(get(made_there(Local{"local", {}})).name, "local?");
  const auto bound =
      capture([](const std::string& prefix, const std::vector<int>& v,
                 const Local& local) { return prefix + local.name + std::to_string(v.at(1)); },
              std::string(100, '>'), std::vector{1, 2});
  EXPECT_EQ(get(remote(bound)(Local{"x", {}})), std::string(100, '>') + "x2");
}

// ---- item 7: refs inside containers

using Parts = std::map<std::string, std::vector<ObjectRef<Array<double>>>>;

double sum_of_last(const Parts& parts) {
  double sum = 0;
  for (const auto& [name, refs] : parts) {
    for (const auto& array : get(refs)) sum += array[array.size() - 1];
  }
  return sum;
}
Parts with_one_more(Parts parts) {
  parts["new"].push_back(put(arange<double>(50'001)));
  return parts;
}

TEST_F(ValuesInTasks, RefsInContainersKeepWhatTheyReferToAndNothingLonger) {
  constexpr std::uint64_t kArray = 50'000 * sizeof(double);
  const auto before = store_bytes_used();
  {
    ObjectRef<Parts> stored;
    Parts returned;
    {
      const Parts parts{{"a", {put(arange<double>(50'001)), put(arange<double>(50'001))}},
                        {"b", {remote([] { return arange<double>(50'001); })()}}};
      EXPECT_EQ(get(remote(sum_of_last)(parts)), 3 * 50'000);
      stored = put(parts);
      returned = get(remote(with_one_more)(parts));
    }
    EXPECT_EQ(get(remote(sum_of_last)(stored)), 3 * 50'000);
    EXPECT_EQ(sum_of_last(returned), 4 * 50'000);
    stored = {};
    EXPECT_EQ(get(remote(sum_of_last)(returned)), 4 * 50'000);
    EXPECT_GE(store_bytes_used(), before + 4 * kArray);
    returned.erase("a");
    EXPECT_TRUE(eventually([&] { return store_bytes_used() < before + 3 * kArray; }));
    EXPECT_EQ(sum_of_last(returned), 2 * 50'000);
  }
  EXPECT_TRUE(eventually([&] { return store_bytes_used() <= before; }));
}

// ---- item 15: small arguments

TEST_F(ValuesInTasks, SmallArgumentsAndResultsPutNothingInTheStore) {
  const auto describe = remote([](int i, double d, const std::string& s) {
    return s + std::to_string(i) + std::to_string(int(d));
  });
  get(describe(0, 0, "first"));
  const auto before = store_bytes_used();
  std::vector<ObjectRef<std::string>> results;
  for (int i = 0; i < 2'000; ++i) results.push_back(describe(i, i / 2.0, "short text "));
  for (const auto& result : results) get(result);
  EXPECT_EQ(store_bytes_used(), before);
  const auto large = put(std::string(5'000, 'x'));  // as a measure
  EXPECT_GT(store_bytes_used(), before);
}

// ---- item 14: what cannot travel is named

struct Step {
  int n = 0;
  std::mutex lock;
};
struct Job {
  std::string name;
  std::list<Step> steps;
  ObjectRef<int> ref;
};
struct Plan {
  Job job;
  std::vector<int> numbers;
};
void expect_names_the_lock(const SerializabilityReport& report) {
  EXPECT_FALSE(report.serializable);
  ASSERT_EQ(report.failures.size(), 1U) << report.text;
  const auto& failure = report.failures[0];
  EXPECT_EQ(failure.path, "plan.job.steps[].lock");
  EXPECT_THAT(failure.type, HasSubstr("mutex"));
  EXPECT_THAT(failure.parent, HasSubstr("Step"));
  EXPECT_THAT(failure.why, HasSubstr("actor"));
  for (const char* parent : {"Plan", "Job", "Step", "mutex"}) {
    EXPECT_THAT(report.text, HasSubstr(parent));
  }
}

TEST_F(ValuesInTasks, InspectionNamesTheMemberItsTypeAndItsParents) {
  Plan plan;
  plan.job.ref = put(1);
  expect_names_the_lock(inspect_serializability(plan, "plan"));
  expect_names_the_lock(inspect_serializability<Plan>("plan"));
  const auto there = get(remote([] {
    const auto report = inspect_serializability(Plan(), "plan");
    return report.failures.at(0).path;
  })());
  EXPECT_EQ(there, "plan.job.steps[].lock");
}

TEST_F(ValuesInTasks, InspectionOfAClosureSaysWhatItCannotSee) {
  const auto ref = put(1);
  const std::vector<int> numbers{1, 2};
  const auto closure = [ref, numbers] { return numbers[0] + get(ref); };
  const auto report = inspect_serializability(closure, "closure");
  EXPECT_FALSE(report.serializable);
  EXPECT_THAT(report.text, HasSubstr("manta::capture"));
  EXPECT_EQ(closure(), 2);
  EXPECT_TRUE(inspect_serializability(std::pair(ref, numbers), "pair").serializable);
}

}  // namespace
}  // namespace manta::testing
