#include "dlpack.h"

#include <memory>
#include <string>
#include <vector>

#include "../../base/error.h"
#include "read_only_memory.h"

namespace manta::detail {
namespace {

constexpr DLPackVersion kVersion = {DLPACK_MAJOR_VERSION, DLPACK_MINOR_VERSION};

[[noreturn]] void refuse(const std::string& why) { throw InvalidArgument("from_dlpack: " + why); }

// An exported tensor with all that it points to.
struct Exported {
  DLManagedTensorVersioned tensor;
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

// The memory of an imported tensor, which its maker takes back.
class TensorStorage final : public base::Storage {
 public:
  TensorStorage(const std::byte* data, std::size_t size, DLManagedTensorVersioned* tensor)
      : Storage(data, size), tensor_(tensor) {}

 private:
  ~TensorStorage() override {
    if (tensor_->deleter != nullptr) tensor_->deleter(tensor_);
  }

  DLManagedTensorVersioned* tensor_;
};

std::string text_of(DLDataType type) {
  return "code " + std::to_string(type.code) + ", " + std::to_string(type.bits) + " bits, " +
         std::to_string(type.lanes) + " lanes";
}

void check(const DLManagedTensorVersioned& tensor, DLDataType type) {
  const DLTensor& what = tensor.dl_tensor;
  if (tensor.version.major != kVersion.major) {
    refuse("it is of version " + std::to_string(tensor.version.major) + ", known is " +
           std::to_string(kVersion.major));
  }
  if (what.device.device_type != kDLCPU) {
    refuse("it is on a device of type " + std::to_string(what.device.device_type) +
           ": copy it to the CPU first");
  }
  if (what.dtype.code != type.code || what.dtype.bits != type.bits ||
      what.dtype.lanes != type.lanes) {
    refuse("it holds elements of type (" + text_of(what.dtype) + "), the array (" + text_of(type) +
           ")");
  }
  if (what.ndim < 0 || (what.ndim > 0 && what.shape == nullptr)) {
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

}  // namespace

DLManagedTensorVersioned* to_dlpack(DLDataType type, std::span<const std::size_t> shape,
                                    std::size_t size, const void* data, base::StorageRef storage) {
  auto memory = objectstore::read_only_memory(std::move(storage), data, size);
  auto exported = std::make_unique<Exported>();
  exported->storage = std::move(memory.storage);
  exported->shape.assign(shape.begin(), shape.end());
  exported->strides = row_major_strides(exported->shape);
  DLManagedTensorVersioned& tensor = exported->tensor;
  tensor = {};
  tensor.version = kVersion;
  tensor.manager_ctx = exported.get();
  tensor.deleter = [](DLManagedTensorVersioned* self) {
    delete static_cast<Exported*>(self->manager_ctx);
  };
  tensor.flags =
      DLPACK_FLAG_BITMASK_READ_ONLY | (memory.copied ? DLPACK_FLAG_BITMASK_IS_COPIED : 0);
  // The flag says that nobody may write, and so does the mapping.
  tensor.dl_tensor.data = const_cast<std::byte*>(memory.data);
  tensor.dl_tensor.device = {kDLCPU, 0};
  tensor.dl_tensor.ndim = static_cast<std::int32_t>(shape.size());
  tensor.dl_tensor.dtype = type;
  tensor.dl_tensor.shape = exported->shape.data();
  tensor.dl_tensor.strides = exported->strides.data();
  return &exported.release()->tensor;
}

ImportedTensor from_dlpack(DLDataType type, std::size_t alignment,
                           DLManagedTensorVersioned* tensor) {
  check(*tensor, type);
  const DLTensor& from = tensor->dl_tensor;
  const std::span<const std::int64_t> dimensions(from.shape, static_cast<std::size_t>(from.ndim));
  std::vector<std::size_t> shape;
  for (const std::int64_t n : dimensions) {
    if (n < 0) refuse("it has no valid shape");
    shape.push_back(static_cast<std::size_t>(n));
  }
  ImportedTensor imported;
  imported.shape = Extents(std::span<const std::size_t>(shape));
  std::size_t size = 0;
  if (__builtin_mul_overflow(imported.shape.count(), type.bits / 8u, &size)) {
    refuse("it is larger than memory");
  }
  if (size != 0) check_row_major(from, dimensions);
  if (size != 0 && from.data == nullptr) refuse("it has no data");
  const auto* data = static_cast<const std::byte*>(from.data) + from.byte_offset;
  if (reinterpret_cast<std::uintptr_t>(data) % alignment != 0) {
    refuse("its elements are not aligned: copy it first");
  }
  imported.data = data;
  imported.storage = base::make_ref<TensorStorage>(data, size, tensor);
  return imported;
}

}  // namespace manta::detail
