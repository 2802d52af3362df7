// How an argument meets its parameter: every rule of "Remote functions", and what a function may return.
#include <array>
#include <deque>
#include <forward_list>
#include <list>
#include <map>
#include <memory>
#include <numeric>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <unistd.h>
#include <variant>
#include <vector>

#include "cluster_fixture.h"

namespace manta::testing {
namespace {

class Arguments : public ClusterTest {
 protected:
  void SetUp() override {
    ClusterTest::SetUp();
    open();
  }
};

int next(int x) { return x + 1; }
double half(double x) { return x / 2; }
double sum(const std::vector<double>& v) { return std::accumulate(v.begin(), v.end(), 0.0); }
double sum_array(const Array<double>& a) { return std::accumulate(a.begin(), a.end(), 0.0); }

// ---- values and conversions

struct Celsius {
  double degrees = 0;
};
struct Fahrenheit {  // remembers in which process it was converted
  Fahrenheit() = default;
  Fahrenheit(const Celsius& c)
      : degrees(c.degrees * 9 / 5 + 32), pid(::getpid()) {}  // NOLINT: a conversion
  double degrees = 0;
  int pid = 0;
  static constexpr auto manta_members() {
    return std::tuple(&Fahrenheit::degrees, &Fahrenheit::pid);
  }
};
Fahrenheit same(Fahrenheit f) { return f; }
Celsius boiling() { return {100}; }
bool converted_here(const Fahrenheit& f) { return f.pid == ::getpid(); }

TEST_F(Arguments, AConvertibleArgumentIsConvertedInTheCaller) {
  const auto f = get(remote(same)(Celsius{100}));
  EXPECT_EQ(f.degrees, 212);
  EXPECT_EQ(f.pid, ::getpid());
  EXPECT_EQ(get(remote(half)(5)), 2.5);
  EXPECT_EQ(get(remote(next)('a')), 'a' + 1);
}

TEST_F(Arguments, AReferredValueIsConvertedInTheWorker) {
  EXPECT_TRUE(get(remote(converted_here)(remote(boiling)())));
  EXPECT_TRUE(get(remote(converted_here)(put(Celsius{1}))));
  EXPECT_EQ(get(remote(half)(put(5))), 2.5);
  EXPECT_EQ(get(remote(half)(remote(next)(4))), 2.5);
}

std::size_t length(const std::string& s) { return s.size(); }
std::size_t view_length(std::string_view s) { return s.size(); }
std::string from_c(const char* s) { return s; }
std::size_t bytes_length(const Bytes& b) { return b.size(); }

TEST_F(Arguments, Strings) {
  const std::string text = "text", large(200'000, 'x');
  EXPECT_EQ(get(remote(length)("literal")), 7u);
  EXPECT_EQ(get(remote(length)(text)), 4u);
  EXPECT_EQ(get(remote(view_length)("literal")), 7u);
  EXPECT_EQ(get(remote(view_length)(text)), 4u);
  EXPECT_EQ(get(remote(view_length)(std::string_view(text).substr(1))), 3u);
  EXPECT_EQ(get(remote(view_length)(put(text))), 4u);
  EXPECT_EQ(get(remote(view_length)(put("literal"))), 7u);
  EXPECT_EQ(get(remote(length)(large)), large.size());
  EXPECT_EQ(get(remote(view_length)(put(large))), large.size());
  EXPECT_EQ(get(remote(from_c)("c string")), "c string");
  EXPECT_EQ(get(remote(from_c)(put("c string"))), "c string");
}

TEST_F(Arguments, BytesAreAView) {
  EXPECT_EQ(get(remote(bytes_length)(Bytes(std::string_view("12345")))), 5u);
  const Bytes large(std::string(300'000, 'b'));
  EXPECT_EQ(get(remote(bytes_length)(large)), 300'000u);
  EXPECT_EQ(get(remote(bytes_length)(put(large))), 300'000u);
}

double span_sum(std::span<const double> s) { return std::accumulate(s.begin(), s.end(), 0.0); }

TEST_F(Arguments, SpansTakeArraysAndVectors) {
  const std::vector<double> v{1, 2, 3};
  const Array<double> large = arange<double>(100'000);
  const double large_sum = 99'999.0 * 100'000 / 2;
  EXPECT_EQ(get(remote(span_sum)(v)), 6);
  EXPECT_EQ(get(remote(span_sum)(std::span<const double>(v))), 6);
  EXPECT_EQ(get(remote(span_sum)(large)), large_sum);
  EXPECT_EQ(get(remote(span_sum)(put(v))), 6);
  EXPECT_EQ(get(remote(span_sum)(put(large))), large_sum);
}

TEST_F(Arguments, VectorAndArrayStandForEachOther) {
  for (const std::size_t n : {0u, 3u, 100u, 100'000u}) {
    const double expected = n == 0 ? 0 : double(n - 1) * double(n) / 2;
    std::vector<double> v(n);
    std::iota(v.begin(), v.end(), 0.0);
    const Array<double> a = array_from(v);
    EXPECT_EQ(get(remote(sum)(v)), expected);
    EXPECT_EQ(get(remote(sum)(a)), expected);
    EXPECT_EQ(get(remote(sum_array)(v)), expected);
    EXPECT_EQ(get(remote(sum_array)(a)), expected);
    EXPECT_EQ(get(remote(sum)(put(v))), expected);
    EXPECT_EQ(get(remote(sum)(put(a))), expected);
    EXPECT_EQ(get(remote(sum_array)(put(v))), expected);
    EXPECT_EQ(get(remote(sum_array)(put(a))), expected);
    const ObjectRef<Array<double>> as_array = put(v);
    EXPECT_EQ(get(as_array).size(), n);
    const ObjectRef<std::vector<double>> as_vector = put(a);
    EXPECT_EQ(get(as_vector), v);
  }
}

std::string joined(const std::vector<std::string>& words) {
  return std::accumulate(words.begin(), words.end(), std::string());
}

TEST_F(Arguments, SequencesStandForEachOther) {
  const std::forward_list<std::string> forward{"a", "bc"};
  const std::list<std::string> list(forward.begin(), forward.end());
  const std::deque<std::string> deque(forward.begin(), forward.end());
  EXPECT_EQ(get(remote(joined)(put(forward))), "abc");
  EXPECT_EQ(get(remote(joined)(put(list))), "abc");
  EXPECT_EQ(get(remote(joined)(put(deque))), "abc");
  const ObjectRef<std::list<std::string>> as_list = put(deque);
  EXPECT_EQ(get(as_list), list);
  const ObjectRef<std::forward_list<std::string>> as_forward = put(list);
  EXPECT_EQ(get(as_forward), forward);
  EXPECT_EQ(get(remote(sum)(put(std::list<double>{1, 2}))), 3);
  static_assert(!one_encoding<std::set<int>, std::vector<int>>);
  static_assert(!one_encoding<std::vector<int>, std::list<long>>);
}

// A list of what is complete only later.
struct Tree {
  int value = 0;
  ObjectRef<std::vector<Tree>> children;
};
int value_of(const Tree& tree) {
  int value = tree.value;
  if (tree.children != ObjectRef<std::vector<Tree>>()) {
    for (const Tree& child : get(tree.children)) value += value_of(child);
  }
  return value;
}
TEST_F(Arguments, ARefToAListOfItsOwnKind) {
  const Tree tree{1, put(std::vector<Tree>{{2, {}}, {3, {}}})};
  const std::vector<Tree> copies(2, tree);
  EXPECT_EQ(get(remote(value_of)(copies[1])), 6);
}

TEST_F(Arguments, ATwoDimensionalArrayIsNoVector) {
  EXPECT_THROW(get(remote(sum)(put(zeros<double>(3, 4)))), SerializationError);
  EXPECT_EQ(get(remote(sum_array)(put(zeros<double>(3, 4)))), 0);
}

// ---- references

ObjectRef<int> itself(ObjectRef<int> ref) { return ref; }
int through(const ObjectRef<int>& ref) { return get(ref); }
int sum_of_refs(const std::vector<ObjectRef<int>>& refs) {
  const auto values = get(refs);
  return std::accumulate(values.begin(), values.end(), 0);
}

TEST_F(Arguments, ARefParameterReceivesTheRefItself) {
  const auto ref = put(5);
  EXPECT_EQ(get(remote(itself)(ref)).id(), ref.id());
  EXPECT_EQ(get(remote(through)(ref)), 5);
  EXPECT_EQ(get(remote(through)(remote(next)(5))), 6);
  EXPECT_EQ(get(remote(sum_of_refs)(std::vector{put(1), put(2), remote(next)(2)})), 6);
}

TEST_F(Arguments, ARefToARefIsResolvedOneLevel) {
  const ObjectRef<ObjectRef<int>> nested = put(put(5));
  EXPECT_EQ(get(remote(through)(nested)), 5);
}

TEST_F(Arguments, Chaining) {
  auto ref = remote(next)(0);
  for (int i = 1; i < 200; ++i) ref = remote(next)(ref);
  EXPECT_EQ(get(ref), 200);
}

int total(const std::vector<int>& v) { return std::accumulate(v.begin(), v.end(), 0); }
double total_as_double(const std::vector<double>& v) {
  return std::accumulate(v.begin(), v.end(), 0.0);
}
std::size_t elements(const std::vector<Array<double>>& arrays) {
  std::size_t n = 0;
  for (const auto& a : arrays) n += a.size();
  return n;
}
std::string all(const std::vector<std::string>& parts) {
  return std::accumulate(parts.begin(), parts.end(), std::string());
}

TEST_F(Arguments, FanIn) {
  EXPECT_EQ(get(remote(total)(std::vector<ObjectRef<int>>{})), 0);
  EXPECT_EQ(get(remote(total)(std::vector{put(1), remote(next)(1), put(3)})), 6);
  EXPECT_EQ(get(remote(total_as_double)(std::vector{put(1), put(2)})), 3.0);
  EXPECT_EQ(get(remote(all)(std::vector{put("a"), put("b")})), "ab");
  EXPECT_EQ(get(remote(elements)(
                std::vector{put(std::vector<double>(10)), put(std::vector<double>(100'000))})),
            100'010u);
  EXPECT_EQ(get(remote(elements)(std::vector<ObjectRef<Array<double>>>{put(zeros<double>(7))})),
            7u);
}

TEST_F(Arguments, FanInOfTenThousand) {
  std::vector<ObjectRef<int>> refs;
  for (int i = 0; i < 10'000; ++i) refs.push_back(i % 10 == 0 ? remote(next)(i) : put(i + 1));
  EXPECT_EQ(get(remote(total)(refs)), 10'000 * 10'001 / 2);
}

struct Node {
  std::string label;
  ObjectRef<std::vector<double>> data;
  std::optional<ObjectRef<int>> extra;
  std::map<std::string, std::vector<ObjectRef<int>>> more;
};
double read(const Node& node) {
  double x = sum(get(node.data)) + (node.extra ? get(*node.extra) : 0);
  for (const auto& [name, refs] : node.more) x += sum_of_refs(refs);
  return x;
}
Node make_node(int n) {
  return {"made",
          put(std::vector<double>(std::size_t(n), 1.0)),
          put(n),
          {{"a", {put(1), put(2)}}, {"b", {}}}};
}

TEST_F(Arguments, RefsInsideStructsAndContainersArePassedAsRefs) {
  Node node{"n", put(std::vector<double>(1000, 1.0)), put(5), {}};
  node.more["x"] = {put(1), remote(next)(1)};
  const auto result = remote(read)(std::move(node));  // now only the call keeps what it refers to
  EXPECT_EQ(get(result), 1008);
}

TEST_F(Arguments, AResultTakesTheRefsInItAlong) {
  const Node node = get(remote(make_node)(1000));
  EXPECT_EQ(read(node), 2003);
  EXPECT_EQ(get(remote(read)(remote(make_node)(100'000))), 200'003);
}

// ---- categories of parameters

std::vector<int> pushed(std::vector<int>&& v, int x) {
  v.push_back(x);
  return std::move(v);
}
std::size_t take(std::unique_ptr<std::vector<int>> p) { return p->size(); }
int by_const_value(const int x) { return x; }

TEST_F(Arguments, RvalueReferencesAndMoveOnlyTypes) {
  const std::vector<int> v{1, 2};
  EXPECT_EQ(get(remote(pushed)(v, 3)), (std::vector<int>{1, 2, 3}));
  EXPECT_EQ(get(remote(pushed)(std::vector<int>{5}, 6)), (std::vector<int>{5, 6}));
  EXPECT_EQ(get(remote(pushed)(put(v), 3)), (std::vector<int>{1, 2, 3}));
  EXPECT_EQ(v.size(), 2u);
  EXPECT_EQ(get(remote(take)(std::make_unique<std::vector<int>>(4))), 4u);
  EXPECT_EQ(get(remote(by_const_value)(3)), 3);
}

MutableArray<double> doubled(MutableArray<double> a) {
  for (auto& x : a) x *= 2;
  return a;
}
MutableArray<int> make_array(std::size_t n) {
  auto a = zeros<int>(n);
  for (std::size_t i = 0; i < n; ++i) a[i] = int(i);
  return a;
}

TEST_F(Arguments, AMutableArrayParameterIsAPrivateCopy) {
  for (const std::size_t n : {0u, 3u, 100'000u}) {
    const Array<double> a = arange<double>(n);
    const auto ref = put(a);
    const Array<double> b = get(remote(doubled)(ref));
    const Array<double> c = get(remote(doubled)(a));
    const Array<double> d = get(remote(doubled)(arange<double>(n)));
    const Array<double> e = get(remote(doubled)(std::vector<double>(a.begin(), a.end())));
    ASSERT_EQ(b.size(), n);
    EXPECT_TRUE(b == c && c == d && d == e);
    for (std::size_t i = 0; i < n; ++i) ASSERT_EQ(b[i], 2 * double(i));
    EXPECT_TRUE(get(ref) == a);
  }
}

TEST_F(Arguments, AMutableArrayResultBecomesAnArray) {
  const ObjectRef<Array<int>> ref = remote(make_array)(100'000u);
  const auto a = get(ref);
  EXPECT_EQ(a.size(), 100'000u);
  EXPECT_EQ(a[99'999], 99'999);
  EXPECT_TRUE(same_storage(a, get(ref)));
}

TEST_F(Arguments, AMutableArrayMeetsAnArrayParameter) {
  EXPECT_EQ(get(remote(sum_array)(arange<double>(4))), 6);
  auto named = arange<double>(100'000);
  EXPECT_EQ(get(remote(sum_array)(std::move(named))), 99'999.0 * 100'000 / 2);
}

class Immovable {  // built in place, wherever it goes
 public:
  explicit Immovable(int x) : x_(x) {}
  Immovable(const Immovable&) = delete;
  int x() const { return x_; }
  int manta_reduce() const { return x_; }

 private:
  int x_;
};
Immovable make_immovable(int x) { return Immovable(x); }
int read_immovable(const Immovable& i) { return i.x(); }
int take_immovables(const Immovable& a, int b, const Immovable& c) { return a.x() + b + c.x(); }

TEST_F(Arguments, ImmovableTypes) {
  const auto ref = remote(make_immovable)(7);
  EXPECT_EQ(get(ref).x(), 7);
  EXPECT_EQ(get(remote(read_immovable)(ref)), 7);
  EXPECT_EQ(get(remote(read_immovable)(Immovable(8))), 8);
  EXPECT_EQ(get(remote(take_immovables)(ref, 1, Immovable(3))), 11);
}

int third(std::array<int, 3> a) { return a[2]; }
int third_of_view(std::span<const int, 3> view) { return view[2]; }

TEST_F(Arguments, ArraysOfFixedLength) {
  const std::vector<int> three = {1, 2, 3};
  EXPECT_EQ(get(remote(third)(put(three))), 3);
  EXPECT_EQ(get(remote(third)(put(arange<int>(3)))), 2);
  EXPECT_EQ(get(ObjectRef<std::array<int, 3>>(put(three)))[2], 3);
  EXPECT_EQ(get(remote(third_of_view)(three)), 3);
  EXPECT_THROW(get(remote(third)(put(std::vector<int>{1, 2}))), SerializationError);
  EXPECT_THROW(get(remote(third_of_view)(std::vector<int>{1, 2})), SerializationError);
}

// ---- hooks that use Manta themselves

int tripled(int x) { return 3 * x; }

class Publishing {
 public:
  explicit Publishing(int x) : x_(x) {}
  Publishing(const std::string& head, const ObjectRef<Array<int>>& array, const ObjectRef<int>& x)
      : head_(head), array_(get(array)), x_(get(x)) {}
  auto manta_reduce() const {
    return std::tuple(std::string("head"), put(full<int>(5000, x_)), remote(tripled)(x_));
  }
  bool restored(int x) const {
    return head_ == "head" && array_.size() == 5000 && array_[4999] == x && x_ == 3 * x;
  }

 private:
  std::string head_;
  Array<int> array_;
  int x_;
};
Publishing make_publishing(int x) { return Publishing(x); }
bool is_restored(int before, const Publishing& publishing, int x, int after) {
  return before == 1 && publishing.restored(x) && after == 2;
}

TEST_F(Arguments, AHookMayPutAndSubmit) {
  EXPECT_TRUE(get(put(Publishing(7))).restored(7));
  EXPECT_TRUE(get(remote(is_restored)(1, Publishing(8), 8, 2)));
  EXPECT_TRUE(get(remote(make_publishing)(9)).restored(9));
}

// ---- sizes

std::vector<char> filled(std::size_t n, char c) { return std::vector<char>(n, c); }
struct Wide {
  std::array<int, 32> numbers{};
};
std::map<int, std::string> echo_map(std::map<int, std::string> m) { return m; }
int many(int a, int b, int c, int d, int e, int f, int g, int h) {
  return a + b + c + d + e + f + g + h;
}

TEST_F(Arguments, LargeArgumentsAndResults) {
  for (const std::size_t n : {65'000u, 65'536u, 70'000u, 1'000'000u}) {
    EXPECT_EQ(get(remote(filled)(n, 'x')), std::vector<char>(n, 'x'));
    EXPECT_EQ(get(remote(length)(std::string(n, 'y'))), n);
  }
  std::map<int, std::string> map;  // no single part of it is large
  for (int i = 0; i < 20'000; ++i) map[i] = std::to_string(i);
  EXPECT_EQ(get(remote(echo_map)(map)), map);
  EXPECT_EQ(get(remote(echo_map)(put(map))), map);
}

TEST_F(Arguments, ManyArguments) {
  EXPECT_EQ(get(remote(many)(1, put(2), 3, remote(next)(3), 5, put(6), 7, 8)), 36);
}

TEST_F(Arguments, ManyLargeArgumentsTogether) {
  const std::string s(30'000, 's');
  const auto f =
      remote([](const std::string& a, const std::string& b, const std::string& c,
                const std::string& d) { return a.size() + b.size() + c.size() + d.size(); });
  EXPECT_EQ(get(f(s, s, s, s)), 120'000u);
  EXPECT_EQ(get(f(put(s), s, put(s), s)), 120'000u);
}

// ---- results

void nothing(int) {}
const std::string& longer(const std::string& a, const std::string& b) {
  return a.size() > b.size() ? a : b;
}
std::string_view tail(std::string_view s) { return s.substr(1); }
const int& greater(const int& a, const int& b) { return a > b ? a : b; }
std::span<const double> tail_of(std::span<const double> s) { return s.subspan(1); }
std::variant<int, std::string> either(bool b) {
  return b ? std::variant<int, std::string>(1) : "text";
}
std::shared_ptr<int> shared(int x) { return std::make_shared<int>(x); }

TEST_F(Arguments, VoidResult) {
  const ObjectRef<void> done = remote(nothing)(1);
  get(done);
  EXPECT_TRUE(done.ready());
  get(std::vector{remote(nothing)(1), remote(nothing)(2)});
  const auto [a, b] = get(remote(nothing)(1), remote(next)(1));
  EXPECT_EQ(a, std::monostate());
  EXPECT_EQ(b, 2);
}

TEST_F(Arguments, AResultMayReferToAnArgument) {
  EXPECT_EQ(get(remote(longer)("short", "a text that is too long for the string object itself")),
            "a text that is too long for the string object itself");
  EXPECT_EQ(get(remote(tail)(std::string(100'000, 'x'))).size(), 99'999u);
  EXPECT_EQ(get(remote(greater)(3, 4)), 4);
  EXPECT_EQ(get(remote(tail_of)(std::vector<double>{1, 2, 3})).size(), 2u);
}

TEST_F(Arguments, ResultsOfManyTypes) {
  EXPECT_EQ(std::get<std::string>(get(remote(either)(false))), "text");
  EXPECT_EQ(*get(remote(shared)(4)), 4);
  EXPECT_EQ(get(remote([] { return std::pair(1, std::string("b")); })()).second, "b");
  EXPECT_EQ(get(remote([] { return std::optional<int>(); })()), std::nullopt);
  EXPECT_EQ(get(remote([] { return "literal"; })()), "literal");
}

// ---- misuse

TEST_F(Arguments, AnEmptyRefIsRefusedAtTheCall) {
  EXPECT_THROW((void)remote(next)(ObjectRef<int>()), InvalidArgument);
  EXPECT_THROW((void)remote(total)(std::vector<ObjectRef<int>>(3)), InvalidArgument);
}

TEST_F(Arguments, ARefOfAnEndedSessionIsRefused) {
  auto old = put(1);
  close();
  open();
  EXPECT_THROW((void)remote(next)(old), InvalidArgument);
  EXPECT_THROW((void)get(old), InvalidArgument);
}

TEST_F(Arguments, ACallWithoutASessionIsRefused) {
  close();
  EXPECT_THROW((void)remote(next)(1), InvalidArgument);
}

}  // namespace
}  // namespace manta::testing
