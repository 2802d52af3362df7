// Arrays and DLPack (version 1), both ways without a copy: numpy, PyTorch, JAX and CuPy read it. An
// exported tensor carries the read-only flag, lives on the CPU, and keeps the array's memory until its
// deleter is called. https://dmlc.github.io/dlpack
//
//   DLManagedTensorVersioned* tensor = to_dlpack(array);       numpy.from_dlpack(...), in a capsule
//   Array<float> a = from_dlpack<float>(tensor);
//
// Element types: bool, integers, float, double, std::complex of both. Any shape; an imported tensor is
// row-major and on the CPU.
// Threads: any.   Errors: InvalidArgument with the reason; the tensor is then still the caller's.
#pragma once
#include <complex>
#include <cstdint>
#include <type_traits>

#include <manta/objectstore/array.h>

#ifndef DLPACK_DLPACK_H_  // the layouts of version 1, for who has not included dlpack.h
#define DLPACK_DLPACK_H_
#define DLPACK_FLAG_BITMASK_READ_ONLY (1UL << 0UL)
extern "C" {
typedef struct {
  std::uint32_t major;
  std::uint32_t minor;
} DLPackVersion;
typedef enum { kDLCPU = 1, kDLCUDA = 2 } DLDeviceType;
typedef struct {
  DLDeviceType device_type;
  std::int32_t device_id;
} DLDevice;
typedef enum { kDLInt = 0, kDLUInt = 1, kDLFloat = 2, kDLComplex = 5, kDLBool = 6 } DLDataTypeCode;
typedef struct {
  std::uint8_t code;
  std::uint8_t bits;
  std::uint16_t lanes;
} DLDataType;
typedef struct {
  void* data;
  DLDevice device;
  std::int32_t ndim;
  DLDataType dtype;
  std::int64_t* shape;
  std::int64_t* strides;
  std::uint64_t byte_offset;
} DLTensor;
typedef struct DLManagedTensorVersioned {
  DLPackVersion version;
  void* manager_ctx;
  void (*deleter)(struct DLManagedTensorVersioned* self);
  std::uint64_t flags;
  DLTensor dl_tensor;
} DLManagedTensorVersioned;
}
#endif

namespace manta {

namespace detail {

template <class T>
struct IsComplex : std::false_type {};
template <class T>
struct IsComplex<std::complex<T>> : std::is_floating_point<T> {};

template <class T>
constexpr DLDataType dlpack_type() {
  static_assert(std::is_arithmetic_v<T> || IsComplex<T>::value,
                "manta: DLPack takes arrays of bool, integers, float, double and std::complex");
  constexpr DLDataTypeCode code = std::is_same_v<T, bool>       ? kDLBool
                                  : IsComplex<T>::value         ? kDLComplex
                                  : std::is_floating_point_v<T> ? kDLFloat
                                  : std::is_signed_v<T>         ? kDLInt
                                                                : kDLUInt;
  return {static_cast<std::uint8_t>(code), static_cast<std::uint8_t>(8 * sizeof(T)), 1};
}

DLManagedTensorVersioned* to_dlpack(DLDataType type, std::span<const std::size_t> shape,
                                    const void* data, base::StorageRef storage);

struct ImportedTensor {
  base::StorageRef storage;
  const std::byte* data = nullptr;
  Extents shape;
};
ImportedTensor from_dlpack(DLDataType type, DLManagedTensorVersioned* tensor);

}  // namespace detail

// The consumer must call its deleter.
template <class T>
DLManagedTensorVersioned* to_dlpack(const Array<T>& array) {
  return detail::to_dlpack(detail::dlpack_type<T>(), array.shape(), array.data(),
                           detail::ArrayAccess::storage(array));
}

// Takes over the tensor: its deleter is called when the last view is gone. Nobody may write to its
// memory from now on.
template <class T>
Array<T> from_dlpack(DLManagedTensorVersioned* tensor) {
  auto imported = detail::from_dlpack(detail::dlpack_type<T>(), tensor);
  return detail::ArrayAccess::view<T>(std::move(imported.storage), imported.data,
                                      std::move(imported.shape));
}

}  // namespace manta
