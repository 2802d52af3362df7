// What MANTA_SERIALIZE_VERBOSE shows. It is read once in a process, so each case is a process of its own.
#include <array>
#include <cstdlib>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "../bytes.h"

namespace manta {
namespace {

using testing::AllOf;
using testing::ContainsRegex;
using testing::HasSubstr;
using testing::Not;

struct Place {  // with padding
  double x;
  std::uint16_t floor;
};
struct Point {  // without
  float x, y;
};
struct Job {
  std::string name;
  Place place;
  std::vector<double> samples;
  std::shared_ptr<Job> next;
  Point point;
};
struct Throws {
  explicit Throws(int) {}
  int manta_reduce() const { throw std::runtime_error("not today"); }
};
struct Failing {
  std::string before;
  Throws member;
};
class Account {
 public:
  static constexpr auto manta_members() { return std::tuple(&Account::id_); }

 private:
  int id_ = 258;
};

[[noreturn]] void serialize_and_exit(const char* verbose) {
  ::setenv("MANTA_SERIALIZE_VERBOSE", verbose, 1);
  const auto next = std::make_shared<Job>();
  serialize(Job{"ab", {1.0, 0x203}, std::vector<double>(1000), next, {1, 2}});
  serialize(std::vector<Account>(2));
  try {
    serialize(Failing{"x", Throws(1)});
  } catch (const std::exception&) {
  }
  std::exit(0);
}

struct Arrays {
  std::array<std::string, 2> words;
  std::array<Place, 2> places;
  int numbers[2][2];
  std::array<const int, 2> sizes;
};

// 0: what was written is what is read.
[[noreturn]] void round_trip_and_exit() {
  ::setenv("MANTA_SERIALIZE_VERBOSE", "2", 1);
  const Arrays before{{"a", "b"}, {{{1, 2}, {3, 4}}}, {{5, 6}, {7, 8}}, {9, 10}};
  const auto after = deserialize<Arrays>(serialize(before));
  const bool same = after.words == before.words && after.places[1].x == 3 &&
                    after.numbers[1][0] == 7 && after.sizes == before.sizes;
  std::exit(same ? 0 : 1);
}

class Verbose : public testing::Test {
 protected:
  void SetUp() override { GTEST_FLAG_SET(death_test_style, "threadsafe"); }
};

TEST_F(Verbose, OfTwoShowsEveryMemberWithItsOffsetAndBytes) {
  EXPECT_EXIT(serialize_and_exit("2"), testing::ExitedWithCode(0),
              AllOf(ContainsRegex("manta: serialized .*Job: [0-9]+ bytes and 1 buffer\n"
                                  "  @16 name: .*string.*, 3 bytes: 04 61 62\n"
                                  "  @19 place: .*Place, 10 bytes: .*\n"
                                  "    @19 x: double, 8 bytes: 00 00 00 00 00 00 f0 3f\n"
                                  "    @27 floor: .*short.*, 2 bytes: 03 02\n"
                                  "  @29 samples: .*vector.*, 3 bytes and 1 buffer: d0 0f 02\n"),
                    ContainsRegex("  @[0-9]+ .*Job, [0-9]+ bytes:.*\n    @[0-9]+ name: "),
                    ContainsRegex("  @[0-9]+ point: .*Point, 8 bytes: .*\n"
                                  "    @[0-9]+ x: float, 4 bytes: 00 00 80 3f\n"
                                  "    @[0-9]+ y: float, 4 bytes: 00 00 00 40\n"),
                    ContainsRegex("manta: failed to serialize .*Failing: .*\n  @16 before: "),
                    ContainsRegex("vector.*Account.*: [0-9]+ bytes and 0 buffers\n"
                                  "  @17 .*Account, 4 bytes: 02 01 00 00\n"
                                  "    @17 id_: int, 4 bytes: 02 01 00 00\n"
                                  "  @21 ")));
}

TEST_F(Verbose, OfTwoWritesTheSameBytes) {
  EXPECT_EXIT(round_trip_and_exit(), testing::ExitedWithCode(0), "words: .*array");
}

TEST_F(Verbose, OfOneShowsALineForEachValue) {
  EXPECT_EXIT(serialize_and_exit("1"), testing::ExitedWithCode(0),
              AllOf(ContainsRegex("^manta: serialized .*Job: [0-9]+ bytes and 1 buffer\n"
                                  "manta: serialized .*Account.*\n"
                                  "manta: failed to serialize .*Failing.*\n$"),
                    Not(HasSubstr("@"))));
}

TEST_F(Verbose, OfNothingShowsNothing) {
  EXPECT_EXIT(serialize_and_exit("0"), testing::ExitedWithCode(0), "^$");
}

}  // namespace
}  // namespace manta
