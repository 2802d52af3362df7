#include "value_wire.h"

#include <algorithm>
#include <vector>

#include <gtest/gtest.h>

namespace manta::detail {
namespace {

// Padding must be zeros, because what was in the memory before must not leave the process.
TEST(ValueWire, AValueThatHasOnlyItsMetaIsReadAsItWasWritten) {
  for (std::size_t meta_size = 0; meta_size <= 40; ++meta_size) {
    std::vector<std::byte> bytes(wire_size(0, 0, meta_size) + 8, std::byte{0xee});
    std::byte* const place = begin_plain(bytes.data(), meta_size);
    std::fill_n(place, meta_size, std::byte{7});
    const WireReader reader(bytes);
    EXPECT_EQ(reader.size(), bytes.size() - 8);
    EXPECT_EQ(reader.header().flags, 0U);
    EXPECT_TRUE(reader.buffers().empty());
    EXPECT_TRUE(reader.references().empty());
    ASSERT_EQ(reader.meta().size(), meta_size);
    EXPECT_EQ(std::ranges::count(reader.meta(), std::byte{7}),
              static_cast<std::ptrdiff_t>(meta_size));
    const auto end = bytes.begin() + static_cast<std::ptrdiff_t>(reader.size());
    EXPECT_EQ(std::count(place + meta_size, bytes.data() + reader.size(), std::byte{0}),
              bytes.data() + reader.size() - (place + meta_size));
    EXPECT_EQ(std::count(end, bytes.end(), std::byte{0xee}), 8);  // nothing beyond it
  }
}

}  // namespace
}  // namespace manta::detail
