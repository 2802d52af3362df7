// Which captures are refused as addresses: decided by what was captured, never by what lay in memory before.
#include <array>
#include <chrono>
#include <complex>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include <gmock/gmock.h>

#include "cluster_fixture.h"
#include "error_of.h"

namespace manta::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

class Captures : public ClusterTest {
 protected:
  void SetUp() override {
    ClusterTest::SetUp();
    open({.cpus = 1});
  }
};

// Fills the bytes in which a T is made next with addresses of the stack, the heap and the program.
template <class T>
class Dirty {
 public:
  explicit Dirty(std::size_t variation) {
    static const int in_the_image = 0;
    const auto on_the_heap = std::make_unique<int>();
    const std::array<const void*, 3> addresses{this, on_the_heap.get(), &in_the_image};
    for (std::size_t i = 0; i < sizeof bytes_; ++i) {
      auto address = reinterpret_cast<std::uintptr_t>(addresses[(variation + i / 8) % 3]);
      address += 8 * (variation / 3);
      std::memcpy(bytes_ + i, reinterpret_cast<const char*>(&address) + i % 8, 1);
    }
  }
  T& make() { return *new (bytes_) T; }  // without parentheses: members stay as they are

 private:
  alignas(T) char bytes_[sizeof(T)];
};

constexpr std::size_t kVariations = 100;

struct Label {
  int number;
  char name[64];
};
struct Measured {
  double weight;
  char unit[24];
  long count;
  std::array<double, 4> values;
};
struct Nested {
  bool known;
  Measured measured;
  Label labels[2];
};
struct Padded {
  char a;
  double b;
  bool c;
  std::int64_t d;
};

TEST_F(Captures, APartlyWrittenStructIsNeverRefused) {
  for (std::size_t i = 0; i < kVariations; ++i) {
    Dirty<Label> dirty_label(i);
    Label& label = dirty_label.make();
    label.number = 5;
    std::strcpy(label.name, "abc");
    EXPECT_EQ(get(remote([label] { return label.number + int(label.name[1]); })()), 5 + 'b');
    Dirty<Measured> dirty_measured(i);
    Measured& measured = dirty_measured.make();
    measured.weight = 2;
    const double factor = 1.5;
    EXPECT_EQ(get(remote([measured, factor](double x) { return measured.weight * factor * x; })(2)),
              6);
    Dirty<Nested> dirty_nested(i);
    Nested& nested = dirty_nested.make();
    nested.labels[1].number = 7;
    EXPECT_EQ(get(remote([x = 1, nested] { return nested.labels[1].number + x; })()), 8);
  }
}

TEST_F(Captures, AnArrayOfNumbersThatIsNotFullIsNeverRefused) {
  for (std::size_t i = 0; i < kVariations; ++i) {
    Dirty<std::array<long, 8>> dirty(i);
    auto& numbers = dirty.make();
    numbers[0] = 3;
    EXPECT_EQ(get(remote([numbers, k = 2L] { return numbers[0] * k; })()), 6);
    Dirty<std::array<std::array<char, 64>, 100>> dirty_text(i);
    auto& text = dirty_text.make();
    text[99][0] = 'x';
    EXPECT_EQ(get(remote([text] { return text[99][0]; })()), 'x');
  }
}

template <class F>
F copied_over(std::size_t variation, const F& f) {
  struct alignas(F) Place {
    char bytes[sizeof(F)];
  };
  Dirty<Place> dirty(variation);
  return *new (&dirty.make()) F(f);
}

TEST_F(Captures, PaddingIsNeverLookedAt) {
  for (std::size_t i = 0; i < kVariations; ++i) {
    const auto between =
        copied_over(i, [a = char(1), b = 2L, c = true, d = 4L] { return a + b + c + d; });
    EXPECT_EQ(get(remote(between)()), 8);
    const auto inside = copied_over(i, [p = Padded{1, 2, true, 4}, last = 'c'] {
      return double(p.a) + p.b + double(p.d) + double(last);
    });
    EXPECT_EQ(get(remote(inside)()), 7.0 + 'c');
    const auto null = copied_over(i, [a = char(1), p = static_cast<int*>(nullptr), b = char(2)] {
      return p == nullptr ? a + b : 0;
    });
    EXPECT_EQ(get(remote(null)()), 3);
    const auto maybe = copied_over(
        i, [a = true, o = std::optional<double>(2.5), b = 'b'] { return a && b == 'b' ? *o : 0; });
    EXPECT_EQ(get(remote(maybe)()), 2.5);
  }
}

// A callable whose captures hold an address, and what it points into.
template <class F>
void expect_refused(const F& f, std::size_t byte, const std::string& place) {
  const auto message = error_of<InvalidArgument>([&] { (void)remote(f)(); });
  EXPECT_THAT(message, AllOf(HasSubstr("lambda"), HasSubstr("byte " + std::to_string(byte) + " of"),
                             HasSubstr(place), HasSubstr("manta::capture(lambda, values...)"),
                             HasSubstr("manta::plain(lambda)")));
}

struct Node {
  int value;
  const Node* next;
};
class Hidden {
 public:
  explicit Hidden(const int* p) : p_(p) {}
  int value() const { return *p_; }

 private:
  long weight_ = 1;
  const int* p_;
};
const int in_the_program = 3;

TEST_F(Captures, EveryKindOfAddressIsRefusedWithItsPlace) {
  int local = 1;
  const auto heap = std::make_unique<int>(2);
  const std::string text(1000, 'x');
  const Node last{1, nullptr};
  const int* pointers[3] = {nullptr, nullptr, &local};
  const std::string stack = "the stack of this thread";
  expect_refused([&local] { return local; }, 0, stack);
  expect_refused([p = heap.get()] { return *p; }, 0, "heap");
  expect_refused([k = 1L, p = &in_the_program] { return *p + k; }, 8, "captures_test");
  expect_refused([view = std::string_view(text)] { return view.size(); }, 8, "heap");
  expect_refused([node = Node{1, &last}] { return node.next->value; }, 8, stack);
  expect_refused([pointers] { return *pointers[2]; }, 16, stack);
  expect_refused([p = std::array<const char*, 2>{nullptr, "x"}] { return *p[1]; }, 8,
                 "captures_test");
  expect_refused([h = Hidden(&local)] { return h.value(); }, 8, stack);
  expect_refused([o = std::optional<const int*>(&local)] { return **o; }, 0, stack);
  expect_refused([v = std::variant<int, const int*>(&local)] { return v.index(); }, 0, stack);
  expect_refused([inner = [&local] { return local; }] { return inner(); }, 0, stack);
  expect_refused([f = &std::char_traits<char>::length] { return f("abc"); }, 0, "image");
  expect_refused([x = 1U, number = reinterpret_cast<std::uintptr_t>(&local)] { return number + x; },
                 8, stack);
}

TEST_F(Captures, NumbersAndNullPointersAreNoAddresses) {
  EXPECT_EQ(get(remote([p = static_cast<const char*>(nullptr)] { return p == nullptr; })()), true);
  EXPECT_EQ(get(remote([z = std::complex<double>(1, 2)] { return z.imag(); })()), 2);
  EXPECT_EQ(get(remote([v = std::variant<int, double>(2.5)] { return std::get<1>(v); })()), 2.5);
  EXPECT_EQ(get(remote([most = ~0UL, least = 1UL] { return most + least; })()), 0);
  EXPECT_EQ(get(remote([s = std::chrono::seconds(5)] { return s.count(); })()), 5);
}

}  // namespace
}  // namespace manta::testing
