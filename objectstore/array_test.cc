#include "array.h"

#include <array>
#include <complex>
#include <cstdint>
#include <list>
#include <sstream>
#include <string>
#include <type_traits>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "../base/error.h"
#include "arena_fixture.h"

namespace manta {
namespace {

using objectstore::ArenaFixture;
using objectstore::kMiB;
using testing::ElementsAre;
using testing::HasSubstr;

static_assert(!std::is_constructible_v<Array<int>, const MutableArray<int>&>);
static_assert(!std::is_convertible_v<MutableArray<int>&, Array<int>>);
static_assert(std::is_convertible_v<MutableArray<int>, Array<int>>);
static_assert(!std::is_copy_constructible_v<MutableArray<int>>);
static_assert(std::is_nothrow_move_constructible_v<MutableArray<int>>);
static_assert(std::is_copy_constructible_v<Array<int>>);
static_assert(std::is_same_v<decltype(*std::declval<Array<int>>().data()), const int&>);

template <class T>
bool aligned(const T* data) {
  return reinterpret_cast<std::uintptr_t>(data) % 64 == 0;
}

template <class Body>
std::string refusal(const Body& body) {
  try {
    body();
  } catch (const InvalidArgument& error) {
    return error.what();
  }
  return "";
}

TEST(Array, MadeByIntegersOrBracesHasItsShape) {
  EXPECT_THAT(MutableArray<int>(3).shape(), ElementsAre(3));
  EXPECT_THAT(MutableArray<int>(3, 4u).shape(), ElementsAre(3, 4));
  EXPECT_THAT(MutableArray<int>({2, 3}).shape(), ElementsAre(2, 3));
  EXPECT_THAT(MutableArray<int>({5}).shape(), ElementsAre(5));
  EXPECT_THAT((MutableArray<int>{2, 3, 4}).shape(), ElementsAre(2, 3, 4));
  EXPECT_THAT(MutableArray<int>(Shape{6, 7}).shape(), ElementsAre(6, 7));
  EXPECT_THAT(zeros<int>(2, 3).shape(), ElementsAre(2, 3));
  EXPECT_THAT(zeros<int>({2, 3}).shape(), ElementsAre(2, 3));
  EXPECT_THAT(uninitialized<int>({1, 2, 3, 4, 5}).shape(), ElementsAre(1, 2, 3, 4, 5));
  const int n = 2;
  const std::size_t m = 9;
  EXPECT_THAT((MutableArray<int>{n, m}).shape(), ElementsAre(2, 9));
}

TEST(Array, NoDimensionsIsOneElement) {
  const Array<double> one = full<double>({}, 2.5);
  EXPECT_EQ(one.size(), 1u);
  EXPECT_TRUE(one.shape().empty());
  EXPECT_EQ(one[0], 2.5);
  EXPECT_EQ(one(), 2.5);
  EXPECT_EQ(zeros<int>({}).size(), 1u);
}

TEST(Array, OfNothingWorksEverywhere) {
  const Array<int> none;
  EXPECT_EQ(none.size(), 0u);
  EXPECT_THAT(none.shape(), ElementsAre(0));
  EXPECT_EQ(none.begin(), none.end());
  EXPECT_EQ(none.copy().size(), 0u);
  EXPECT_EQ(none, Array<int>(zeros<int>(0)));
  EXPECT_EQ(none.slice(0, 0), none);
  const Array<int> flat = zeros<int>(3, 0, 2);
  EXPECT_THAT(flat.shape(), ElementsAre(3, 0, 2));
  EXPECT_EQ(flat.slice(1, 3).size(), 0u);
  EXPECT_EQ(flat.reshape({0}), none);
  EXPECT_FALSE(flat == none);
  EXPECT_EQ(MutableArray<int>().size(), 0u);
  EXPECT_EQ(arange<int>(0).size(), 0u);
  EXPECT_EQ(array_from(std::vector<int>()).size(), 0u);
}

TEST(Array, IndexIsRowMajor) {
  MutableArray<int> made = arange<int>(24);
  const Array<int> array = std::move(made);
  const Array<int> cube = array.reshape({2, 3, 4});
  EXPECT_EQ(cube(1, 2, 3), 23);
  EXPECT_EQ(cube(1, 0, 0), 12);
  EXPECT_EQ(cube[5], 5);
  MutableArray<int> writable = cube.copy();
  writable(0, 1, 2) = -1;
  EXPECT_EQ(writable[6], -1);
  EXPECT_EQ(cube(0, 1, 2), 6);
}

TEST(Array, MakersFillWhatTheySay) {
  EXPECT_THAT(full(3, 7).span(), ElementsAre(7, 7, 7));
  EXPECT_THAT(full<double>({2}, 0.5).span(), ElementsAre(0.5, 0.5));
  EXPECT_THAT(arange<float>(3).span(), ElementsAre(0.0F, 1.0F, 2.0F));
  EXPECT_THAT(zeros<std::uint8_t>(2).span(), ElementsAre(0, 0));
  EXPECT_THAT(array_from(std::vector<double>{1, 2}).span(), ElementsAre(1, 2));
  EXPECT_THAT(array_from(std::array<int, 2>{4, 5}).span(), ElementsAre(4, 5));
  EXPECT_THAT(array_from(std::list<short>{4, 5}).span(), ElementsAre(4, 5));
  EXPECT_THAT(array_from(std::vector<bool>{true, false}).span(), ElementsAre(true, false));
  EXPECT_THAT(array_from(std::string("ab")).span(), ElementsAre('a', 'b'));
  EXPECT_THAT(array_from({1.5, 2.5}).span(), ElementsAre(1.5, 2.5));
  const int plain[] = {1, 2, 3};
  EXPECT_THAT(array_from(plain).span(), ElementsAre(1, 2, 3));
  const Array<int> array = arange<int>(3);
  EXPECT_THAT(array_from(array).span(), ElementsAre(0, 1, 2));
}

TEST(Array, SliceAndReshapeShareMemory) {
  const Array<int> array = arange<int>(12);
  const Array<int> rows = array.reshape({4, 3});
  const Array<int> middle = rows.slice(1, 3);
  EXPECT_THAT(middle.shape(), ElementsAre(2, 3));
  EXPECT_EQ(middle.data(), array.data() + 3);
  EXPECT_THAT(middle.span(), ElementsAre(3, 4, 5, 6, 7, 8));
  EXPECT_TRUE(same_storage(array, middle));
  EXPECT_TRUE(same_storage(array, Array<int>(array)));
  EXPECT_FALSE(same_storage(array, Array<int>(array.copy())));
}

TEST(Array, MemoryLivesAsLongAsASlice) {
  Array<int> tail;
  {
    const Array<int> array = arange<int>(1000);
    tail = array.slice(998, 1000);
  }
  EXPECT_THAT(tail.span(), ElementsAre(998, 999));
}

TEST(Array, EqualityIsShapeAndElements) {
  const Array<double> a = arange<double>(6);
  EXPECT_TRUE(a == Array<double>(arange<double>(6)));
  EXPECT_FALSE(a == a.reshape({2, 3}));
  EXPECT_FALSE(a == Array<double>(full<double>(6, 1)));
}

TEST(Array, BadRequestsAreInvalidArgumentsWithTheReason) {
  const Array<int> array = arange<int>(6);
  EXPECT_THAT(refusal([&] { array.slice(2, 7); }), HasSubstr("[2, 7) is outside"));
  EXPECT_THAT(refusal([&] { array.reshape({4, 2}); }), HasSubstr("cannot reshape (6) to (4, 2)"));
  EXPECT_THAT(refusal([] { zeros<int>(-1); }), HasSubstr("negative"));
  EXPECT_THAT(refusal([] { zeros<int>(std::size_t{1} << 62); }), HasSubstr("address space"));
}

// NOLINTBEGIN(bugprone-use-after-move,clang-analyzer-cplusplus.Move)
TEST(MutableArray, IsEmptyAfterItsMoveOrFreeze) {
  MutableArray<int> a = arange<int>(3);
  MutableArray<int> b = std::move(a);
  EXPECT_EQ(a.size(), 0u);
  EXPECT_EQ(a.data(), nullptr);
  const Array<int> frozen = std::move(b).freeze();
  EXPECT_EQ(b.size(), 0u);
  EXPECT_THAT(frozen.span(), ElementsAre(0, 1, 2));
  b = zeros<int>(2);
  EXPECT_EQ(b.size(), 2u);
}
// NOLINTEND(bugprone-use-after-move,clang-analyzer-cplusplus.Move)

TEST(MutableArray, CopyIsItsOwn) {
  MutableArray<int> a = arange<int>(3);
  MutableArray<int> b = a.copy();
  b[0] = 9;
  EXPECT_EQ(a[0], 0);
  EXPECT_TRUE(aligned(a.data()));
}

// ---------------------------------------------------------------- with a store
class ArrayInStore : public testing::Test {
 protected:
  ArrayInStore() { objectstore::set_current(store_); }
  ~ArrayInStore() override { objectstore::set_current(nullptr); }

  bool in_read_only_mapping(const void* address) const { return store_->arena().contains(address); }

  ArenaFixture fixture_{64 * kMiB};
  base::Ref<objectstore::Store> store_ = fixture_.store(1);
};

TEST_F(ArrayInStore, LargeArraysLieInTheStoreAndFreezingCopiesNothing) {
  for (const std::size_t size : {64 * std::size_t{1024}, 100'000 * std::size_t{1}, 3 * kMiB}) {
    MutableArray<char> array(size);
    EXPECT_TRUE(store_->arena().in_writable_window(array.data()));
    EXPECT_TRUE(aligned(array.data()));
    array[0] = 'a';
    array[size - 1] = 'z';
    const std::uint64_t offset = store_->arena().offset_of(array.data());
    const Array<char> frozen = std::move(array);
    EXPECT_TRUE(in_read_only_mapping(frozen.data()));
    EXPECT_EQ(store_->arena().offset_of(frozen.data()), offset);
    EXPECT_EQ(frozen[0], 'a');
    EXPECT_EQ(frozen[size - 1], 'z');
  }
  EXPECT_EQ(store_->stats().used, 0u);
}

TEST_F(ArrayInStore, SmallArraysDoNot) {
  MutableArray<char> array(64 * 1024 - 1);
  EXPECT_EQ(store_->stats().objects, 0u);
}

TEST_F(ArrayInStore, ZerosAreZeroAlsoInMemoryUsedBefore) {
  for (int i = 0; i < 3; ++i) {
    MutableArray<char> array = zeros<char>(5 * kMiB);
    EXPECT_EQ(std::count(array.begin(), array.end(), 0), static_cast<std::ptrdiff_t>(array.size()));
    std::fill(array.begin(), array.end(), 'x');
    const Array<char> frozen = std::move(array);
  }
}

TEST_F(ArrayInStore, NoRoomIsObjectStoreFull) {
  const Array<char> most = uninitialized<char>(50 * kMiB);
  EXPECT_THROW(uninitialized<char>(20 * kMiB), ObjectStoreFull);
  EXPECT_THROW(zeros<char>(65 * kMiB), ObjectStoreFull);
}

TEST_F(ArrayInStore, ArraysOutliveTheirSession) {
  Array<int> array = arange<int>(1'000'000);
  MutableArray<int> writable = array.copy();
  objectstore::set_current(nullptr);
  store_->close();
  store_ = nullptr;
  EXPECT_EQ(array[999'999], 999'999);
  writable[0] = 5;
  const Array<int> late = std::move(writable);
  EXPECT_EQ(late[0], 5);
}

TEST_F(ArrayInStore, SharedByThreadsAndProcesses) {
  const Array<int> array = arange<int>(100'000);
  const std::uint64_t offset = store_->arena().offset_of(array.data());
  const auto other = fixture_.store(2);
  const auto block = other->blocks().adopt(offset, objectstore::Share::kLent);
  EXPECT_EQ(reinterpret_cast<const int*>(block->data())[99'999], 99'999);
}

}  // namespace
}  // namespace manta
