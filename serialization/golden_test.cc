// Files of format version 1, which must load for ever: golden/NAME.v1. What is written today are the same bytes; a
// change of either is a new version (docs/wire.md). MANTA_WRITE_GOLDEN=1 writes the files that are missing.
#include <array>
#include <bitset>
#include <chrono>
#include <complex>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <variant>
#include <vector>

#include <gtest/gtest.h>

#include "bytes.h"
#include "register.h"

namespace manta {
namespace {

class Golden : public testing::Test {
 protected:
  static std::filesystem::path file(const std::string& name) {
    return std::filesystem::path(MANTA_GOLDEN_FOLDER) / (name + ".v1");
  }

  // The value in the file; the bytes of `value` are those of the file.
  template <class T>
  static T load(const std::string& name, const T& value) {
    const Bytes now = serialize(value);
    const bool missing = !std::filesystem::exists(file(name));
    if (missing && std::getenv("MANTA_WRITE_GOLDEN") != nullptr) {
      std::ofstream(file(name), std::ios::binary) << now.view();
    }
    std::ifstream in(file(name), std::ios::binary);
    const Bytes then(std::string{std::istreambuf_iterator<char>(in), {}});
    EXPECT_EQ(then, now) << name << ": what is written is no longer what it was";
    return deserialize<T>(then);
  }
};

enum class Color : std::uint8_t { kRed, kGreen };

TEST_F(Golden, Numbers) {
  using Value = std::tuple<bool, char, std::int8_t, std::uint64_t, std::int64_t, float, double,
                           Color, std::complex<double>, std::bitset<9>, std::chrono::seconds>;
  const Value value(true, 'x', -1, UINT64_MAX, INT64_MIN, 0.5F, -1e300, Color::kGreen, {1, -2},
                    0x155, std::chrono::seconds(60));
  EXPECT_EQ(load("numbers", value), value);
}

TEST_F(Golden, Texts) {
  const std::tuple value(std::string("gr\xc3\xbcn\0x", 7), std::u16string(u"\u00fc"),
                         std::u32string(U"\U0001f600"), std::string(5000, 'x'),
                         std::filesystem::path("/tmp/x"));
  EXPECT_EQ(load("texts", value), value);
}

TEST_F(Golden, Containers) {
  const std::tuple value(
      std::vector<int>{1, 2, 3}, std::vector<std::string>{"a", ""}, std::vector<bool>{true, false},
      std::map<std::string, std::vector<double>>{{"empty", {}}, {"one", {1}}},
      std::multimap<int, int>{{1, 2}, {1, 3}}, std::set<std::array<int, 2>>{{1, 2}},
      std::array<std::string, 2>{"x", "y"}, std::vector<std::array<float, 2>>{{1, 2}, {3, 4}},
      std::optional<int>(), std::variant<std::monostate, int, std::string>("v"));
  EXPECT_EQ(load("containers", value), value);
}

struct Place {  // with padding
  double x = 0;
  std::int16_t floor = 0;
  bool operator==(const Place&) const = default;
};
struct Record {
  int id = 0;
  std::string tag;
  double matrix[2][3] = {{1, 2, 3}, {4, 5, 6}};
  std::vector<Place> places;
  std::vector<std::uint32_t> large = {};
  Bytes data = {};
  bool operator==(const Record& other) const {
    return id == other.id && tag == other.tag &&
           std::equal(&matrix[0][0], &matrix[0][0] + 6, &other.matrix[0][0]) &&
           places == other.places && large == other.large && data == other.data;
  }
};

TEST_F(Golden, Structs) {
  Record record{.id = 7, .tag = "ab", .places = {{1.5, 2}, {2.5, 3}}};
  record.large.resize(2000, 9);
  record.data = Bytes(std::string(100, 'A'));
  const std::vector<Record> value{record, Record()};
  EXPECT_EQ(load("structs", value), value);
}

struct Node {
  std::string name;
  std::shared_ptr<Node> next;
  std::weak_ptr<Node> back;
  std::unique_ptr<int> own;
};

TEST_F(Golden, Pointers) {
  const auto first = std::make_shared<Node>();
  first->name = "first";
  first->next = std::make_shared<Node>();
  first->next->name = "second";
  first->next->next = first;
  first->next->back = first;
  first->own = std::make_unique<int>(5);
  const auto value = load("pointers", std::vector{first, first});
  EXPECT_EQ(value[0], value[1]);
  EXPECT_EQ(value[0]->next->next, value[0]);
  EXPECT_EQ(value[0]->next->back.lock(), value[0]);
  EXPECT_EQ(*value[0]->own, 5);
  for (const auto& start : {first, value[0]}) start->next->next.reset();
}

struct Shape {
  virtual ~Shape() = default;
  static constexpr auto manta_members() { return std::tuple(); }
};
struct Circle : Shape {
  double radius = 0;
  static constexpr auto manta_members() { return std::tuple(&Circle::radius); }
};
class Connection {
 public:
  explicit Connection(std::string path) : path_(std::move(path)) {}
  auto manta_reduce() const { return std::tuple(path_); }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

TEST_F(Golden, HooksAndDerivedTypes) {
  register_type<Circle, Shape>();
  auto circle = std::make_shared<Circle>();
  circle->radius = 2;
  const auto value =
      load("hooks", std::pair<std::shared_ptr<Shape>, Connection>(circle, Connection("path")));
  EXPECT_EQ(dynamic_cast<const Circle&>(*value.first).radius, 2);
  EXPECT_EQ(value.second.path(), "path");
}

}  // namespace
}  // namespace manta
