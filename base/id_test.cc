#include "id.h"

#include <sstream>
#include <type_traits>
#include <unordered_set>

#include <gtest/gtest.h>

namespace manta {
namespace {

static_assert(!std::is_convertible_v<ObjectId, TaskId>, "kinds of ids do not mix");

TEST(Id, DefaultIsNil) {
  EXPECT_TRUE(ObjectId().is_nil());
  EXPECT_FALSE(ObjectId(0, 1).is_nil());
  EXPECT_EQ(ObjectId().hex(), std::string(32, '0'));
}

TEST(Id, PrintsThirtyTwoHexDigits) {
  const TaskId id(0x0123456789abcdefU, 0xf);
  std::ostringstream out;
  out << id;
  EXPECT_EQ(id.hex(), "0123456789abcdef000000000000000f");
  EXPECT_EQ(out.str(), id.hex());
}

TEST(Id, OrdersByHighWordFirst) {
  EXPECT_LT(ActorId(1, 9), ActorId(2, 0));
  EXPECT_LT(ActorId(1, 1), ActorId(1, 2));
  EXPECT_EQ(ActorId(3, 4), ActorId(3, 4));
}

TEST(Id, CountersHashApart) {
  std::unordered_set<std::size_t> low_bits;
  for (std::uint64_t i = 0; i < 256; ++i) {
    low_bits.insert(std::hash<ObjectId>()(ObjectId(i << 48, i << 32)) & 0xffff);
  }
  EXPECT_GT(low_bits.size(), 250U);
}

}  // namespace
}  // namespace manta
