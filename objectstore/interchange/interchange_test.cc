// Arrow and DLPack by their structs alone; tests/interop does it with pyarrow and numpy.
#include <complex>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "../../base/error.h"
#include "../arena_fixture.h"
#include "arrow.h"
#include "arrow_fixture.h"
#include "dlpack.h"

namespace manta {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// Within a session: arrays from 64 KiB on are made in its store.
struct InAStore {
  InAStore() { objectstore::set_current(store); }
  ~InAStore() { objectstore::set_current(nullptr); }
  InAStore(const InAStore&) = delete;
  objectstore::ArenaFixture fixture{32 * objectstore::kMiB};
  base::Ref<objectstore::Store> store = fixture.store(1);
};

// What the kernel lets this process do there: "r--", "rw-"; empty: nothing is mapped there.
std::string permissions_at(const void* address) {
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) {
    unsigned long begin = 0;
    unsigned long end = 0;
    char permissions[5] = {};
    if (std::sscanf(line.c_str(), "%lx-%lx %4s", &begin, &end, permissions) != 3) continue;
    const auto at = reinterpret_cast<std::uintptr_t>(address);
    if (at >= begin && at < end) return std::string(permissions, 3);
  }
  return {};
}

void expect_exports_are_read_only(const Array<float>& array) {
  const std::size_t last = array.size() - 1;
  DLManagedTensorVersioned* const tensor = to_dlpack(array);
  auto* const elements = static_cast<float*>(tensor->dl_tensor.data);
  EXPECT_EQ(permissions_at(elements), "r--") << array.size();
  EXPECT_EQ(permissions_at(elements + last), "r--") << array.size();
  EXPECT_EQ(elements[last], array[last]);
  EXPECT_EQ((tensor->flags & DLPACK_FLAG_BITMASK_IS_COPIED) != 0, elements != array.data());
  tensor->deleter(tensor);
  ArrowArray exported;
  ArrowSchema schema;
  export_arrow(array, &exported, &schema);
  EXPECT_EQ(permissions_at(exported.buffers[1]), "r--") << array.size();
  EXPECT_EQ(static_cast<const float*>(exported.buffers[1])[last], array[last]);
  exported.release(&exported);
  schema.release(&schema);
}

// Some consumers of DLPack ignore that a tensor is read-only; the kernel does not.
TEST(Interchange, WhatLeavesIsInAReadOnlyMappingOfWhateverSize) {
  const auto export_all = [] {
    for (const std::size_t n : {1U, 25U, 1000U, 16'383U, 16'384U, 100'000U, 300'000U, 1'000'000U}) {
      const Array<float> array = arange<float>(n);
      expect_exports_are_read_only(array);
      expect_exports_are_read_only(array.slice(n / 2, n));
    }
  };
  export_all();
  const InAStore session;
  export_all();
}

TEST(Interchange, MemoryOfOthersThatPassesThroughIsCopied) {
  float values[4] = {1, 2, 3, 4};
  DLManagedTensorVersioned* const tensor = to_dlpack(zeros<float>(4).freeze());
  tensor->dl_tensor.data = values;
  const auto array = from_dlpack<float>(tensor);
  EXPECT_EQ(array.data(), values);
  expect_exports_are_read_only(array);
}

TEST(Interchange, AnArrayOfTheStoreIsExportedWithoutACopy) {
  const InAStore session;
  const Array<double> array = arange<double>(10'000);
  DLManagedTensorVersioned* const tensor = to_dlpack(array);
  EXPECT_EQ(tensor->dl_tensor.data, array.data());
  EXPECT_EQ(tensor->flags & DLPACK_FLAG_BITMASK_IS_COPIED, 0u);
  tensor->deleter(tensor);
  ArrowArray exported;
  ArrowSchema schema;
  export_arrow(array, &exported, &schema);
  EXPECT_EQ(exported.buffers[1], array.data());
  exported.release(&exported);
  schema.release(&schema);
}

TEST(Arrow, AnArrayIsExportedWithoutACopyAndKeptUntilItIsReleased) {
  const InAStore session;
  ArrowArray exported;
  ArrowSchema schema;
  const void* data = nullptr;
  {
    const Array<double> array = arange<double>(10'000).freeze().slice(10, 20);
    data = array.data();
    export_arrow(array, &exported, &schema);
  }
  EXPECT_STREQ(schema.format, "g");
  EXPECT_EQ(exported.length, 10);
  EXPECT_EQ(exported.buffers[1], data);
  const auto back = import_arrow<double>(&exported, &schema);
  EXPECT_EQ(exported.release, nullptr);
  EXPECT_EQ(schema.release, nullptr);
  EXPECT_EQ(back.data(), data);
  EXPECT_EQ(back[9], 19);
}

TEST(Arrow, AnEmptyArrayGoesThereAndBack) {
  ArrowArray exported;
  ArrowSchema schema;
  export_arrow(Array<std::uint8_t>(), &exported, &schema);
  EXPECT_STREQ(schema.format, "C");
  EXPECT_EQ(import_arrow<std::uint8_t>(&exported, &schema).size(), 0u);
}

// Someone else's array, which counts how often it is released.
struct Foreign {
  explicit Foreign(const void* data, std::int64_t length) {
    buffers[1] = data;
    array.length = length;
    array.n_buffers = 2;
    array.buffers = buffers;
    array.private_data = &released;
    array.release = [](ArrowArray* self) {
      ++*static_cast<int*>(self->private_data);
      self->release = nullptr;
    };
    schema.format = "i";
    schema.release = [](ArrowSchema* self) { self->release = nullptr; };
  }
  int released = 0;
  const void* buffers[2] = {};
  ArrowArray array = {};
  ArrowSchema schema = {};
};

TEST(Arrow, AnImportedArrayIsReleasedWithItsLastView) {
  const std::int32_t values[] = {1, 2, 3, 4};
  Foreign foreign(values, 2);
  foreign.array.offset = 1;
  auto array = import_arrow<int>(&foreign.array, &foreign.schema);
  EXPECT_THAT(array.span(), ElementsAre(2, 3));
  EXPECT_EQ(array.data(), values + 1);
  auto part = array.slice(1, 2);
  array = {};
  EXPECT_EQ(foreign.released, 0);
  part = {};
  EXPECT_EQ(foreign.released, 1);
}

TEST(Arrow, UnalignedDataIsCopied) {
  alignas(8) const char bytes[12] = "\0\1\0\0\0\2\0\0\0";
  Foreign foreign(bytes + 1, 2);
  const auto array = import_arrow<int>(&foreign.array, &foreign.schema);
  EXPECT_THAT(array.span(), ElementsAre(1, 2));
  EXPECT_EQ(foreign.released, 1);
}

TEST(Arrow, WhatAnArrayCannotHoldIsRefusedAndStaysTheCallers) {
  const std::int32_t values[] = {1, 2, 3, 4};
  const auto import_int = [](Foreign& from) {
    return refusal([&] { import_arrow<int>(&from.array, &from.schema); });
  };
  Foreign foreign(values, 4);
  EXPECT_THAT(refusal([&] { import_arrow<float>(&foreign.array, &foreign.schema); }),
              HasSubstr("holds int32: ask for std::int32_t, not for float"));
  foreign.buffers[0] = values;
  foreign.array.null_count = 1;
  EXPECT_THAT(import_int(foreign), HasSubstr("3 of its 4 rows are null"));
  foreign.array.null_count = 0;
  foreign.array.offset = std::numeric_limits<std::int64_t>::max();
  EXPECT_THAT(import_int(foreign), HasSubstr("larger than memory"));
  foreign.array.length = foreign.array.offset;
  foreign.schema.format = "C";
  EXPECT_THAT(refusal([&] { import_arrow<std::uint8_t>(&foreign.array, &foreign.schema); }),
              HasSubstr("larger than memory"));
  foreign.array.offset = 0;
  foreign.array.length = std::int64_t{1} << 46;
  EXPECT_THAT(refusal([&] { import_arrow<std::uint8_t>(&foreign.array, &foreign.schema); }),
              HasSubstr("larger than memory"));
  foreign.schema.format = "i";
  foreign.array.length = 4;
  foreign.array.n_buffers = 3;
  EXPECT_THAT(import_int(foreign), HasSubstr("it has 3 buffers, its type has 2"));
  EXPECT_EQ(foreign.released, 0);
  foreign.array.release(&foreign.array);
  EXPECT_THAT(import_int(foreign), HasSubstr("released already"));
  ArrowArray array;
  ArrowSchema schema;
  EXPECT_THAT(refusal([&] { export_arrow(zeros<int>(2, 2).freeze(), &array, &schema); }),
              HasSubstr("2 dimensions"));
}

TEST(DlPack, ATensorIsReadOnlyAndKeepsTheArray) {
  const InAStore session;
  const void* data = nullptr;
  DLManagedTensorVersioned* tensor = nullptr;
  {
    const Array<float> array = arange<float>(60'000).freeze().slice(0, 6).reshape({2, 3});
    data = array.data();
    tensor = to_dlpack(array);
  }
  EXPECT_EQ(tensor->flags & DLPACK_FLAG_BITMASK_READ_ONLY, 1u);
  EXPECT_EQ(tensor->dl_tensor.data, data);
  EXPECT_THAT(std::span(tensor->dl_tensor.shape, 2), ElementsAre(2, 3));
  EXPECT_THAT(std::span(tensor->dl_tensor.strides, 2), ElementsAre(3, 1));
  const auto back = from_dlpack<float>(tensor);
  EXPECT_EQ(back.data(), data);
  EXPECT_EQ(back(1, 2), 5);
}

TEST(DlPack, AllElementTypesGoThereAndBack) {
  const auto there_and_back = [](auto array) {
    const auto frozen = std::move(array).freeze();
    using T = typename decltype(frozen)::value_type;
    EXPECT_EQ(from_dlpack<T>(to_dlpack(frozen)), frozen);
    EXPECT_EQ(from_dlpack<T>(to_dlpack_unversioned(frozen)), frozen);
  };
  there_and_back(full<bool>(3, true));
  there_and_back(arange<std::uint16_t>(3));
  there_and_back(arange<std::int64_t>(3));
  there_and_back(full(3, float16(1.5f)));
  there_and_back(full(3, bfloat16(-1.5f)));
  there_and_back(full<std::complex<double>>({2, 2}, {1, 2}));
  there_and_back(full<int>({}, 7));
  there_and_back(zeros<double>(0));
  there_and_back(zeros<double>({0, std::size_t{1} << 20, std::size_t{1} << 20}));
}

TEST(DlPack, AnUnversionedTensorIsNoCopyAndKeepsTheArray) {
  const InAStore session;
  DLManagedTensor* tensor = nullptr;
  const void* data = nullptr;
  {
    const Array<float> array = arange<float>(60'000);
    data = array.data();
    tensor = to_dlpack_unversioned(array.slice(0, 6).reshape({2, 3}));
  }
  EXPECT_EQ(tensor->dl_tensor.data, data);
  EXPECT_EQ(permissions_at(tensor->dl_tensor.data), "r--");
  const auto back = from_dlpack<float>(tensor);
  EXPECT_EQ(back.data(), data);
  EXPECT_EQ(back(1, 2), 5);
}

TEST(DlPack, ABoolOfAnotherByteIsTrue) {
  std::uint8_t bytes[] = {0, 1, 2, 255};
  DLManagedTensor* const tensor = to_dlpack_unversioned(zeros<bool>(4).freeze());
  tensor->dl_tensor.data = bytes;
  const auto array = from_dlpack<bool>(tensor);
  EXPECT_NE(static_cast<const void*>(array.data()), bytes);
  EXPECT_THAT(array.span(), ElementsAre(false, true, true, true));
}

TEST(DlPack, MemoryOfTheHostIsTakenFromEveryKindOfDevice) {
  DLManagedTensor* tensor = to_dlpack_unversioned(arange<float>(3).freeze());
  tensor->dl_tensor.device.device_type = kDLCUDAHost;
  EXPECT_THAT(from_dlpack<float>(tensor).span(), ElementsAre(0, 1, 2));
}

TEST(DlPack, WhatAnArrayCannotHoldIsRefusedAndStaysTheCallers) {
  DLManagedTensorVersioned* tensor = to_dlpack(zeros<float>(2, 3).freeze());
  void* nowhere = nullptr;
  const auto import_float = [&] { return refusal([&] { from_dlpack<float>(tensor); }); };
  EXPECT_THAT(refusal([&] { from_dlpack<int>(tensor); }),
              HasSubstr("it holds float32, the array int32: ask for from_dlpack<float>"));
  tensor->dl_tensor.dtype.code = 10;
  EXPECT_THAT(import_float(), HasSubstr("it holds float8_e4m3fn"));
  tensor->dl_tensor.dtype = {kDLFloat, 32, 4};
  EXPECT_THAT(import_float(), HasSubstr("float32 in vectors of 4"));
  tensor->dl_tensor.dtype.lanes = 1;
  std::swap(tensor->dl_tensor.strides[0], tensor->dl_tensor.strides[1]);
  EXPECT_THAT(import_float(), HasSubstr("not row-major"));
  std::swap(tensor->dl_tensor.strides[0], tensor->dl_tensor.strides[1]);
  tensor->dl_tensor.device.device_type = kDLCUDA;
  EXPECT_THAT(import_float(), HasSubstr("device of type 2"));
  tensor->dl_tensor.device.device_type = kDLCPU;
  tensor->dl_tensor.byte_offset = 1;
  EXPECT_THAT(import_float(), HasSubstr("not aligned"));
  tensor->dl_tensor.byte_offset = UINT64_MAX;
  EXPECT_THAT(import_float(), HasSubstr("larger than memory"));
  tensor->dl_tensor.byte_offset = 0;
  std::swap(tensor->dl_tensor.data, nowhere);
  EXPECT_THAT(import_float(), HasSubstr("no data"));
  std::swap(tensor->dl_tensor.data, nowhere);
  tensor->version.major = 2;
  EXPECT_THAT(import_float(), HasSubstr("version 2"));
  tensor->deleter(tensor);
  tensor = nullptr;
  EXPECT_THAT(import_float(), HasSubstr("null pointer"));
  DLManagedTensor* const none = nullptr;
  EXPECT_THAT(refusal([&] { from_dlpack<int>(none); }), HasSubstr("null pointer"));
}

TEST(DlPack, AShapeThatNoArrayHasIsRefused) {
  DLManagedTensor* const tensor = to_dlpack_unversioned(zeros<std::int8_t>(4).freeze());
  const DLTensor whole = tensor->dl_tensor;
  tensor->dl_tensor.strides = nullptr;
  const auto refusal_of = [&](std::vector<std::int64_t> shape) {
    tensor->dl_tensor.ndim = static_cast<std::int32_t>(shape.size());
    tensor->dl_tensor.shape = shape.data();
    return refusal([&] { from_dlpack<std::int8_t>(tensor); });
  };
  constexpr std::int64_t kMost = std::int64_t{1} << 46;
  EXPECT_THAT(refusal_of({kMost}), HasSubstr("larger than memory"));
  EXPECT_THAT(refusal_of({kMost, 1}), HasSubstr("more elements than memory has bytes"));
  EXPECT_THAT(refusal_of({kMost / 2, 2}), HasSubstr("more elements than memory has bytes"));
  EXPECT_THAT(refusal_of({kMost, 0}), HasSubstr("but for the extents of 0"));
  EXPECT_THAT(refusal_of({kMost, kMost, kMost}), HasSubstr("more elements than"));
  EXPECT_THAT(refusal_of(std::vector<std::int64_t>(33, 1)), HasSubstr("33 dimensions; at most 32"));
  tensor->dl_tensor = whole;
  tensor->deleter(tensor);
}

}  // namespace
}  // namespace manta
