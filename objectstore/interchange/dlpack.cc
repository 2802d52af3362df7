// Export first; then import, which is mostly checks of what others give: type, device, layout, values of bools. At the
// end what the header declares.
#include "dlpack.h"

#include <algorithm>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "../../base/error.h"
#include "../../serialization/codec/sequence.h"
#include "read_only_memory.h"

namespace manta::detail {
namespace {

constexpr DLPackVersion kVersion = {DLPACK_MAJOR_VERSION, DLPACK_MINOR_VERSION};

[[noreturn]] void refuse(const std::string& why) { throw InvalidArgument("from_dlpack: " + why); }

// ---- exports

// An exported tensor of either kind, with all that it points to.
template <class Tensor>
struct Exported {
  Tensor tensor;
  base::StorageRef storage;
  std::vector<std::int64_t> shape;
  std::vector<std::int64_t> strides;  // in elements
};

std::vector<std::int64_t> row_major_strides(std::span<const std::int64_t> shape) {
  std::vector<std::int64_t> strides(shape.size());
  std::uint64_t stride = 1;  // unsigned, because beside a dimension of 0 others may be of any size
  for (std::size_t d = shape.size(); d-- > 0;) {
    strides[d] = static_cast<std::int64_t>(stride);
    stride *= static_cast<std::uint64_t>(shape[d]);
  }
  return strides;
}

template <class Tensor>
Tensor* export_tensor(const TensorSource& source, const objectstore::ReadOnlyMemory& memory) {
  auto exported = std::make_unique<Exported<Tensor>>();
  exported->storage = memory.storage;
  exported->shape.assign(source.shape.begin(), source.shape.end());
  exported->strides = row_major_strides(exported->shape);
  Tensor& tensor = exported->tensor;
  tensor = {};
  tensor.manager_ctx = exported.get();
  tensor.deleter = [](Tensor* self) { delete static_cast<Exported<Tensor>*>(self->manager_ctx); };
  // Nobody may write, and the mapping sees to that.
  tensor.dl_tensor.data = const_cast<std::byte*>(memory.data);
  tensor.dl_tensor.device = {kDLCPU, 0};
  tensor.dl_tensor.ndim = static_cast<std::int32_t>(source.shape.size());
  tensor.dl_tensor.dtype = source.type;
  tensor.dl_tensor.shape = exported->shape.data();
  tensor.dl_tensor.strides = exported->strides.data();
  return &exported.release()->tensor;
}

objectstore::ReadOnlyMemory memory_of(TensorSource& source) {
  return objectstore::read_only_memory(std::move(source.storage), source.data, source.size);
}

// ---- imports

// The memory of an imported tensor, which its maker takes back.
template <class Tensor>
class TensorStorage final : public base::Storage {
 public:
  TensorStorage(const std::byte* data, std::size_t size, Tensor* tensor)
      : Storage(data, size), tensor_(tensor) {}

 private:
  ~TensorStorage() override {
    if (tensor_->deleter != nullptr) tensor_->deleter(tensor_);
  }

  Tensor* tensor_;
};

// The names of numpy and ml_dtypes; of numbers a size in bits follows.
constexpr std::string_view kNumbers[] = {"int",    "uint",   "float", "opaque handles of bits ",
                                         "bfloat", "complex"};
constexpr std::string_view kFixed[] = {
    "bool",           "float8_e3m4",     "float8_e4m3",   "float8_e4m3b11fnuz",
    "float8_e4m3fn",  "float8_e4m3fnuz", "float8_e5m2",   "float8_e5m2fnuz",
    "float8_e8m0fnu", "float6_e2m3fn",   "float6_e3m2fn", "float4_e2m1fn"};

std::string name_of(DLDataType type) {
  std::string name;
  if (type.code < std::size(kNumbers)) {
    name.append(kNumbers[type.code]).append(std::to_string(type.bits));
  } else if (type.code - std::size(kNumbers) < std::size(kFixed)) {
    name = kFixed[type.code - std::size(kNumbers)];
    if (type.code == kDLBool && type.bits != 8) {
      name += " of " + std::to_string(type.bits) + " bits";
    }
  } else {
    name = "elements of the unknown type " + std::to_string(type.code) + " with " +
           std::to_string(type.bits) + " bits";
  }
  return type.lanes == 1 ? name : name + " in vectors of " + std::to_string(type.lanes);
}

// What a program writes for T; empty for what no Array can hold.
std::string_view cpp_type_of(DLDataType type) {
  struct Known {
    DLDataType type;
    std::string_view name;
  };
  static constexpr Known kKnown[] = {
      {{kDLBool, 8, 1}, "bool"},
      {{kDLInt, 8, 1}, "std::int8_t"},
      {{kDLInt, 16, 1}, "std::int16_t"},
      {{kDLInt, 32, 1}, "std::int32_t"},
      {{kDLInt, 64, 1}, "std::int64_t"},
      {{kDLUInt, 8, 1}, "std::uint8_t"},
      {{kDLUInt, 16, 1}, "std::uint16_t"},
      {{kDLUInt, 32, 1}, "std::uint32_t"},
      {{kDLUInt, 64, 1}, "std::uint64_t"},
      {{kDLFloat, 16, 1}, "manta::float16"},
      {{kDLBfloat, 16, 1}, "manta::bfloat16"},
      {{kDLFloat, 32, 1}, "float"},
      {{kDLFloat, 64, 1}, "double"},
      {{kDLComplex, 64, 1}, "std::complex<float>"},
      {{kDLComplex, 128, 1}, "std::complex<double>"},
  };
  for (const Known& known : kKnown) {
    if (known.type.code == type.code && known.type.bits == type.bits &&
        known.type.lanes == type.lanes) {
      return known.name;
    }
  }
  return {};
}

void check_type(DLDataType given, DLDataType wanted) {
  if (given.code == wanted.code && given.bits == wanted.bits && given.lanes == wanted.lanes) return;
  const std::string_view fits = cpp_type_of(given);
  refuse("it holds " + name_of(given) + ", the array " + name_of(wanted) +
         (fits.empty() ? ": no Array can hold it, convert it first"
                       : ": ask for from_dlpack<" + std::string(fits) + ">"));
}

// Whether the host reads its memory as any other: of the kinds of devices, those that numpy takes, too.
bool is_on_host(DLDeviceType device) {
  return device == kDLCPU || device == kDLCUDAHost || device == kDLROCMHost ||
         device == kDLCUDAManaged;
}

void check(const DLTensor& tensor, DLDataType type) {
  if (!is_on_host(tensor.device.device_type)) {
    refuse("it is on a device of type " + std::to_string(tensor.device.device_type) +
           ": copy it to the CPU first");
  }
  check_type(tensor.dtype, type);
  if (tensor.ndim < 0 || (tensor.ndim > 0 && tensor.shape == nullptr)) {
    refuse("it has no valid shape");
  }
}

// Dimensions of one element may have any strides, and so may tensors without elements.
void check_row_major(const DLTensor& tensor, std::span<const std::int64_t> shape) {
  if (tensor.strides == nullptr) return;
  const auto strides = row_major_strides(shape);
  for (std::size_t d = 0; d < shape.size(); ++d) {
    if (shape[d] > 1 && tensor.strides[d] != strides[d]) {
      refuse("it is not row-major: make it contiguous first");
    }
  }
}

Extents shape_of(const DLTensor& tensor) {
  std::vector<std::size_t> shape;
  for (std::int32_t d = 0; d < tensor.ndim; ++d) {
    if (tensor.shape[d] < 0) refuse("it has no valid shape");
    shape.push_back(static_cast<std::size_t>(tensor.shape[d]));
  }
  return Extents(std::span<const std::size_t>(shape));
}

// The bytes of a tensor that was found right.
std::span<const std::byte> bytes_of(const DLTensor& tensor, const Extents& shape, DLDataType type,
                                    std::size_t alignment) {
  std::size_t size = 0;
  std::uintptr_t begin = 0;
  std::uintptr_t end = 0;
  if (serialization::has_too_many_elements(shape.view()) ||
      __builtin_mul_overflow(shape.count(), type.bits / 8u, &size) || size > PTRDIFF_MAX ||
      __builtin_add_overflow(reinterpret_cast<std::uintptr_t>(tensor.data), tensor.byte_offset,
                             &begin) ||
      __builtin_add_overflow(begin, size, &end)) {
    refuse("it is larger than memory");
  }
  if (size == 0) return {};
  if (tensor.data == nullptr) refuse("it has no data");
  check_row_major(tensor, {tensor.shape, static_cast<std::size_t>(tensor.ndim)});
  if (begin % alignment != 0) refuse("its elements are not aligned: copy it first");
  return {reinterpret_cast<const std::byte*>(begin), size};
}

bool are_bools(std::span<const std::byte> bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [](std::byte b) { return b <= std::byte{1}; });
}

base::StorageRef copy_of_bools(std::span<const std::byte> bytes) {
  const auto copy = base::HeapStorage::create(bytes.size());
  std::transform(bytes.begin(), bytes.end(), copy->mutable_data(),
                 [](std::byte b) { return b == std::byte{0} ? b : std::byte{1}; });
  return copy;
}

template <class Tensor>
ImportedTensor import_tensor(DLDataType type, std::size_t alignment, Tensor* tensor) {
  check(tensor->dl_tensor, type);
  ImportedTensor imported;
  imported.shape = shape_of(tensor->dl_tensor);
  const auto bytes = bytes_of(tensor->dl_tensor, imported.shape, type, alignment);
  if (type.code == kDLBool && !are_bools(bytes)) {
    imported.storage = copy_of_bools(bytes);
    imported.data = imported.storage->data();
    if (tensor->deleter != nullptr) tensor->deleter(tensor);
  } else {
    imported.storage = base::make_ref<TensorStorage<Tensor>>(bytes.data(), bytes.size(), tensor);
    imported.data = bytes.data();
  }
  return imported;
}

}  // namespace

DLManagedTensorVersioned* to_dlpack(TensorSource source) {
  const auto memory = memory_of(source);
  auto* const tensor = export_tensor<DLManagedTensorVersioned>(source, memory);
  tensor->version = kVersion;
  tensor->flags =
      DLPACK_FLAG_BITMASK_READ_ONLY | (memory.copied ? DLPACK_FLAG_BITMASK_IS_COPIED : 0);
  return tensor;
}

DLManagedTensor* to_dlpack_unversioned(TensorSource source) {
  return export_tensor<DLManagedTensor>(source, memory_of(source));
}

ImportedTensor from_dlpack(DLDataType type, std::size_t alignment,
                           DLManagedTensorVersioned* tensor) {
  if (tensor == nullptr) refuse("the tensor is a null pointer");
  if (tensor->version.major != kVersion.major) {
    refuse("it is of version " + std::to_string(tensor->version.major) + ", known is " +
           std::to_string(kVersion.major));
  }
  return import_tensor(type, alignment, tensor);
}

ImportedTensor from_dlpack(DLDataType type, std::size_t alignment, DLManagedTensor* tensor) {
  if (tensor == nullptr) refuse("the tensor is a null pointer");
  return import_tensor(type, alignment, tensor);
}

}  // namespace manta::detail
