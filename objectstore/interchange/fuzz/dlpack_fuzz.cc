// Tensors that are made of the input, with wrong shapes, strides, types, devices and null pointers: each is refused
// with its reason and stays the caller's, or is read whole and given back. The memory is as large as the shape says, so
// that AddressSanitizer sees a read beyond it.
#include <cstdlib>
#include <memory>
#include <vector>

#include "../../../base/error.h"
#include "../dlpack.h"
#include "input.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

constexpr std::int64_t kLargest = 1 << 12;  // bytes of a tensor

int to_delete = 0;

struct Source {
  std::vector<std::int64_t> shape;
  std::vector<std::int64_t> strides;
  std::unique_ptr<std::uint8_t[]> bytes;
};

std::int64_t bytes_of(const Source& source, std::int64_t element) {
  std::int64_t size = element;
  for (const std::int64_t n : source.shape) {
    if (n < 0 || __builtin_mul_overflow(size, n, &size)) return -1;
  }
  return size;
}

DLTensor make_tensor(Input& input, Source& source) {
  DLTensor tensor = {};
  tensor.device.device_type =
      static_cast<DLDeviceType>(input.rarely() ? input.byte() % 20 : kDLCPU);
  tensor.dtype.code = input.byte() % 20;
  tensor.dtype.bits = static_cast<std::uint8_t>(8u << input.byte() % 5);
  tensor.dtype.lanes = input.rarely() ? input.byte() : 1;
  tensor.ndim = input.byte() % 5;
  std::int64_t stride = 1;
  for (std::int32_t d = 0; d < tensor.ndim; ++d) source.shape.push_back(input.number());
  source.strides.resize(source.shape.size());
  for (std::size_t d = source.shape.size(); d-- > 0;) {
    source.strides[d] = input.rarely() ? input.number() : stride;
    if (__builtin_mul_overflow(stride, source.shape[d], &stride)) stride = 0;
  }
  tensor.shape = input.rarely() ? nullptr : source.shape.data();
  tensor.strides = input.byte() % 2 == 0 ? nullptr : source.strides.data();
  tensor.byte_offset = input.rarely() ? static_cast<std::uint64_t>(input.number()) : 0;
  if (input.rarely()) tensor.ndim = -1;
  const std::int64_t size = bytes_of(source, tensor.dtype.bits / 8);
  if (tensor.byte_offset == 0 && size >= 0 && size <= kLargest) {
    source.bytes = std::make_unique<std::uint8_t[]>(static_cast<std::size_t>(size));
    for (std::int64_t i = 0; i < size && !input.empty(); ++i) {
      source.bytes[static_cast<std::size_t>(i)] = input.byte();
    }
    tensor.data = source.bytes.get();
  }
  return tensor;
}

template <class T>
double value_of(const T& element) {
  return static_cast<double>(element);
}
template <class T>
double value_of(const std::complex<T>& element) {
  return static_cast<double>(element.real() + element.imag());
}

// False if it was refused.
template <class T, class Tensor>
bool was_read(Tensor* tensor) {
  try {
    double sum = 0;
    for (const T element : manta::from_dlpack<T>(tensor)) sum += value_of(element);
    return sum != 0.123 || to_delete == 0;
  } catch (const manta::InvalidArgument&) {
    return false;
  }
}

template <class Tensor>
void import_once(Tensor tensor) {
  to_delete = 1;
  tensor.deleter = [](Tensor*) { --to_delete; };
  const bool read = was_read<float>(&tensor) || was_read<double>(&tensor) ||
                    was_read<bool>(&tensor) || was_read<std::int16_t>(&tensor) ||
                    was_read<std::uint64_t>(&tensor) || was_read<manta::float16>(&tensor) ||
                    was_read<manta::bfloat16>(&tensor) || was_read<std::complex<double>>(&tensor);
  if (to_delete != (read ? 0 : 1)) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Input input(data, size);
  Source source;
  const bool versioned = input.byte() % 2 == 0;
  const std::uint32_t major = input.rarely() ? input.byte() : 1;
  const DLTensor tensor = make_tensor(input, source);
  if (versioned) {
    import_once(DLManagedTensorVersioned{{major, 0}, nullptr, nullptr, 0, tensor});
  } else {
    import_once(DLManagedTensor{tensor, nullptr, nullptr});
  }
  return 0;
}
