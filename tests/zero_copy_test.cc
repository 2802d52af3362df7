// Arrays anywhere inside a value are views of the store: by address, by mapping, read-only, alive after their ref.
#include <cinttypes>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <map>
#include <memory>
#include <numeric>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <variant>
#include <vector>

#include <gmock/gmock.h>

#include "cluster_fixture.h"

namespace manta::testing {
namespace {

using ::testing::HasSubstr;
using Numbers = Array<double>;

class ZeroCopy : public ClusterTest {
 protected:
  void SetUp() override {
    ClusterTest::SetUp();
    open();
  }
};

// The mappings of this process that show the session's store.
class StoreMappings {
 public:
  StoreMappings() {
    std::ifstream maps("/proc/self/maps");
    for (std::string line; std::getline(maps, line);) {
      Range range;
      char permissions[8] = {};
      if (line.find("/memfd:manta-store") == std::string::npos) continue;
      if (std::sscanf(line.c_str(), "%" SCNxPTR "-%" SCNxPTR " %7s", &range.begin, &range.end,
                      permissions) != 3) {
        continue;
      }
      range.read_only = std::string_view(permissions).starts_with("r-");
      ranges_.push_back(range);
    }
  }
  // What is wrong with these bytes as those of an array of the store; nothing: "".
  std::string flaws_of(const void* data, std::size_t size) const {
    const auto begin = reinterpret_cast<std::uintptr_t>(data);
    if (begin % 64 != 0) return "not aligned to 64 bytes";
    for (const auto& range : ranges_) {
      if (begin < range.begin || range.end < begin + size) continue;
      return range.read_only ? "" : "writable";
    }
    return "not in the store";
  }

 private:
  struct Range {
    std::uintptr_t begin = 0, end = 0;
    bool read_only = false;
  };
  std::vector<Range> ranges_;
};

struct Inside {
  std::string name;
  Numbers array;
};
using Deep = std::map<std::string, std::vector<std::optional<std::tuple<int, Inside>>>>;
struct Holder {
  Inside inside;
  std::map<std::string, Numbers> map;
  std::variant<int, Numbers> variant;
  std::optional<Numbers> optional;
  std::unique_ptr<Numbers> unique;
  std::shared_ptr<Numbers> shared;
  std::tuple<std::string, Numbers> tuple;
  std::vector<std::vector<Numbers>> table;
  Deep deep;
};
constexpr std::size_t kPlaces = 10;

// Array `place` is place, place + 1, ...
Numbers numbers_of(std::size_t place, std::size_t n) {
  auto array = arange<double>(n);
  for (double& x : array) x += double(place);
  return array;
}
Holder make_holder(std::size_t n) {
  Holder holder;
  holder.inside = {"inside", numbers_of(0, n)};
  holder.map["key"] = numbers_of(1, n);
  holder.variant = numbers_of(2, n);
  holder.optional = numbers_of(3, n);
  holder.unique = std::make_unique<Numbers>(numbers_of(4, n));
  holder.shared = std::make_shared<Numbers>(numbers_of(5, n));
  holder.tuple = {"tuple", numbers_of(6, n)};
  holder.table = {{}, {numbers_of(7, n), numbers_of(8, n)}};
  holder.deep["deep"] = {std::nullopt, std::tuple(1, Inside{"at depth 5", numbers_of(9, n)})};
  return holder;
}
std::vector<Numbers> arrays_in(const Holder& h) {
  return {h.inside.array,
          h.map.at("key"),
          std::get<1>(h.variant),
          *h.optional,
          *h.unique,
          *h.shared,
          std::get<1>(h.tuple),
          h.table[1][0],
          h.table.at(1).at(1),
          std::get<1>(*h.deep.at("deep").at(1)).array};
}
std::string flaws_of(const std::vector<Numbers>& arrays, std::size_t n) {
  const StoreMappings store;
  for (std::size_t place = 0; place < arrays.size(); ++place) {
    const auto& array = arrays[place];
    const std::string at = " (array " + std::to_string(place) + ")";
    const std::string flaws = store.flaws_of(array.data(), array.size() * sizeof(double));
    if (!flaws.empty()) return flaws + at;
    if (array != numbers_of(place, n)) return "other elements" + at;
  }
  return arrays.size() == kPlaces ? "" : "some are missing";
}
std::vector<const double*> addresses(const std::vector<Numbers>& arrays) {
  std::vector<const double*> all;
  for (const auto& array : arrays) all.push_back(array.data());
  return all;
}
std::string flaws_of_argument(const Holder& holder, std::size_t n) {
  return flaws_of(arrays_in(holder), n);
}
std::string flaws_beside_argument(const Holder& holder, const ObjectRef<Holder>& ref) {
  const auto again = get(ref);
  return addresses(arrays_in(holder)) == addresses(arrays_in(again)) ? "" : "other addresses";
}

TEST_F(ZeroCopy, ArraysAnywhereInAValueAreViewsOfTheStore) {
  for (const std::size_t n : {8u, 9u, 100u, 1'000u, 8'192u, 50'000u}) {
    SCOPED_TRACE(n);
    const auto ref = put(make_holder(n));
    const auto used = store_bytes_used();
    const auto first = get(ref), second = get(ref);
    EXPECT_EQ(flaws_of(arrays_in(first), n), "");
    EXPECT_EQ(addresses(arrays_in(first)), addresses(arrays_in(second)));
    EXPECT_EQ(store_bytes_used(), used);
  }
}

TEST_F(ZeroCopy, AndSoTheyAreInTheArgumentOfATask) {
  for (const std::size_t n : {8u, 9u, 100u, 1'000u, 8'192u, 50'000u}) {
    SCOPED_TRACE(n);
    const auto ref = put(make_holder(n));
    EXPECT_EQ(get(remote(flaws_of_argument)(ref, n)), "");
    EXPECT_EQ(get(remote(flaws_of_argument)(make_holder(n), n)), "");
    EXPECT_EQ(get(remote(flaws_of_argument)(remote(make_holder)(n), n)), "");
    EXPECT_EQ(get(remote(flaws_beside_argument)(ref, put(ref))), "");
    const auto result = get(remote(make_holder)(n));
    EXPECT_EQ(flaws_of_argument(result, n), "");
  }
}

// What others took of the memory of an object that is gone would show in the arrays.
void churn() {
  for (int i = 0; i < 10; ++i) {
    for (const std::size_t n : {8u, 1'000u, 50'000u}) put(full<double>(n, -1));
  }
}

TEST_F(ZeroCopy, TheyOutliveTheirRef) {
  for (const std::size_t n : {8u, 1'000u, 50'000u}) {
    std::vector<Numbers> kept = arrays_in(get(put(make_holder(n))));
    std::vector<Numbers> of_result = arrays_in(get(remote(make_holder)(n)));
    churn();
    EXPECT_EQ(flaws_of(kept, n), "") << n;
    EXPECT_EQ(flaws_of(of_result, n), "") << n;
  }
}

double scribble(const Holder& holder, std::size_t place) {
  const Numbers array = arrays_in(holder).at(place);
  const_cast<double*>(array.data())[array.size() - 1] = -1;  // not allowed, hence the cast
  return array[0];
}

// Item 6 of the acceptance list, for arrays inside a value.
TEST_F(ZeroCopy, AWriteToOneFailsThatTaskAndChangesNothing) {
  for (const std::size_t n : {8u, 8'192u}) {
    const auto ref = put(make_holder(n));
    for (std::size_t place = 0; place < kPlaces; ++place) {
      try {
        get(remote(scribble)(ref, place));
        ADD_FAILURE() << "array " << place << " can be written";
      } catch (const TaskErrorOf<ReadOnlyWrite>& error) {
        EXPECT_THAT(error.message(), HasSubstr("assignment destination is read-only: array of "
                                               "object " +
                                               ref.id().hex()));
      }
    }
    EXPECT_EQ(get(remote(flaws_of_argument)(ref, n)), "");
  }
}

// ---- vectors and arrays stand for each other

std::string flaws_of_numbers(const Numbers& array, const ObjectRef<Numbers>& ref) {
  if (get(ref).data() != array.data()) return "another address";
  return StoreMappings().flaws_of(array.data(), array.size() * sizeof(double));
}
double sum_of_vector(const std::vector<double>& v) {
  return std::accumulate(v.begin(), v.end(), 0.0);
}

TEST_F(ZeroCopy, AVectorFrom4KiBIsReadAsAnArrayWithoutACopy) {
  for (const std::size_t n : {512u, 513u, 10'000u, 1'000'000u}) {
    SCOPED_TRACE(n);
    std::vector<double> numbers(n);
    std::iota(numbers.begin(), numbers.end(), 0.0);
    const ObjectRef<Numbers> ref = put(numbers);
    const auto used = store_bytes_used();
    const Numbers first = get(ref), second = get(ref);
    EXPECT_EQ(first.data(), second.data());
    EXPECT_EQ(StoreMappings().flaws_of(first.data(), n * sizeof(double)), "");
    EXPECT_TRUE(std::equal(first.begin(), first.end(), numbers.begin(), numbers.end()));
    EXPECT_EQ(get(remote(flaws_of_numbers)(ref, put(ref))), "");
    EXPECT_LT(store_bytes_used(), used + n * sizeof(double));
  }
}

TEST_F(ZeroCopy, AnArrayIsReadAsAVectorWithoutAnotherOneInTheStore) {
  for (const std::size_t n : {8u, 512u, 10'000u, 1'000'000u}) {
    SCOPED_TRACE(n);
    const ObjectRef<std::vector<double>> ref = put(arange<double>(n));
    const auto used = store_bytes_used();
    std::vector<double> numbers = get(ref);
    EXPECT_EQ(sum_of_vector(numbers), double(n) * double(n - 1) / 2);
    EXPECT_EQ(get(remote(sum_of_vector)(ref)), double(n) * double(n - 1) / 2);
    numbers[0] = -1;  // it is a copy
    EXPECT_EQ(get(ref)[0], 0);
    EXPECT_LT(store_bytes_used(), used + std::max<std::size_t>(n * sizeof(double), 4096));
  }
}

// ---- parameters that are views

std::string flaws_of_bytes(const Bytes& bytes, const ObjectRef<Bytes>& ref) {
  if (get(ref).data() != bytes.data()) return "another address";
  return StoreMappings().flaws_of(bytes.data(), bytes.size());
}
std::string flaws_of_span(std::span<const double> span, const ObjectRef<Numbers>& ref) {
  if (get(ref).data() != span.data()) return "another address";
  return StoreMappings().flaws_of(span.data(), span.size_bytes());
}
std::string flaws_of_view(std::string_view view, std::size_t n) {
  if (view != std::string(n, 'v')) return "another text";
  return StoreMappings().flaws_of(view.data(), view.size());
}
std::string flaws_of_each(const Bytes& bytes, std::span<const double> span, std::string_view view) {
  const StoreMappings store;
  return store.flaws_of(bytes.data(), bytes.size()) +
         store.flaws_of(span.data(), span.size_bytes()) + store.flaws_of(view.data(), view.size());
}

TEST_F(ZeroCopy, ParametersThatAreViewsPointIntoTheStore) {
  for (const std::size_t n : {512u, 10'000u, 300'000u}) {
    SCOPED_TRACE(n);
    const auto bytes = put(Bytes(std::string(n, 'b')));
    const ObjectRef<Numbers> array = put(arange<double>(n));
    const ObjectRef<Numbers> vector = put(std::vector<double>(n, 1.0));
    EXPECT_EQ(get(remote(flaws_of_bytes)(bytes, put(bytes))), "");
    EXPECT_EQ(get(remote(flaws_of_span)(array, put(array))), "");
    EXPECT_EQ(get(remote(flaws_of_span)(vector, put(vector))), "");
    EXPECT_EQ(get(remote(flaws_of_view)(put(std::string(8 * n, 'v')), 8 * n)), "");
    EXPECT_EQ(get(remote(flaws_of_each)(Bytes(std::string(8 * n, 'b')), std::vector<double>(n, 1.0),
                                        std::string(8 * n, 'v'))),
              "");
  }
}

// ---- many arrays in one value

using Many = std::vector<Array<int>>;
Many make_many(int count) {
  Many many;
  for (int i = 0; i < count; ++i) many.push_back(full<int>(16 + std::size_t(i) % 100, i));
  return many;
}
std::string flaws_of_many(const Many& many) {
  const StoreMappings store;
  for (std::size_t i = 0; i < many.size(); ++i) {
    const auto& array = many[i];
    if (array.size() != 16 + i % 100 || array[array.size() - 1] != int(i)) {
      return "another array at " + std::to_string(i);
    }
    const auto flaws = store.flaws_of(array.data(), array.size() * sizeof(int));
    if (!flaws.empty()) return flaws + " at " + std::to_string(i);
  }
  return many.size() == 10'000 ? "" : "another count";
}

TEST_F(ZeroCopy, TenThousandArraysInOneValue) {
  const auto ref = put(make_many(10'000));
  const Many first = get(ref), second = get(ref);
  EXPECT_EQ(flaws_of_many(first), "");
  for (std::size_t i = 0; i < first.size(); ++i) ASSERT_EQ(first[i].data(), second[i].data()) << i;
  EXPECT_EQ(get(remote(flaws_of_many)(ref)), "");
  EXPECT_EQ(get(remote(flaws_of_many)(first)), "");
  const Many result = get(remote(make_many)(10'000));
  EXPECT_EQ(flaws_of_many(result), "");
  const auto same = get(remote([](const Many& many) { return many; })(ref));
  EXPECT_TRUE(same_storage(same[9'999], first[9'999]));
}

}  // namespace
}  // namespace manta::testing
