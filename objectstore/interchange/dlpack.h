// Arrays to and from DLPack (version 1, https://dmlc.github.io/dlpack), without a copy: numpy, PyTorch, JAX and CuPy
// read it. An exported tensor carries the read-only flag, lives on the CPU, and keeps the array's memory until its
// deleter is called.
//
// Not every consumer looks at the flag: numpy (from 2.1) and JAX give arrays that cannot be written; PyTorch gives a
// writable tensor and does not warn. So what is exported lies in a read-only mapping: a write through such a tensor is
// a fault, as any write to an Array is, and never changes one; tensor.clone() is writable. Arrays outside the object
// store (those under 64 KiB that were never put, those made without a session, imported ones) are copied once for
// that, and the tensor says so (DLPACK_FLAG_BITMASK_IS_COPIED).
//
//   DLManagedTensorVersioned* tensor = to_dlpack(array);       a capsule of it is what __dlpack__() returns
//   Array<float> a = from_dlpack<float>(tensor);
//
// Element types: bool, integers, float, double, std::complex of both. Any shape is exported; an imported tensor must be
// row-major and on the CPU.
// Threads: any.
// Errors:  InvalidArgument with the reason: the tensor is then still the caller's. OutOfMemory.
#pragma once
#include <complex>
#include <cstdint>
#include <type_traits>

#include "../array.h"

#ifndef DLPACK_DLPACK_H_  // the layouts of version 1, for a program that has not included dlpack.h
#define DLPACK_DLPACK_H_
#define DLPACK_MAJOR_VERSION 1
#define DLPACK_MINOR_VERSION 0
#define DLPACK_FLAG_BITMASK_READ_ONLY (1UL << 0UL)
#define DLPACK_FLAG_BITMASK_IS_COPIED (1UL << 1UL)
extern "C" {
typedef struct {
  std::uint32_t major;
  std::uint32_t minor;
} DLPackVersion;
typedef enum : std::int32_t {
  kDLCPU = 1,
  kDLCUDA = 2,
  kDLCUDAHost = 3,
  kDLOpenCL = 4,
  kDLVulkan = 7,
  kDLMetal = 8,
  kDLVPI = 9,
  kDLROCM = 10,
  kDLROCMHost = 11,
  kDLExtDev = 12,
  kDLCUDAManaged = 13,
  kDLOneAPI = 14,
  kDLWebGPU = 15,
  kDLHexagon = 16,
} DLDeviceType;
typedef struct {
  DLDeviceType device_type;
  std::int32_t device_id;
} DLDevice;
typedef enum {
  kDLInt = 0,
  kDLUInt = 1,
  kDLFloat = 2,
  kDLOpaqueHandle = 3,
  kDLBfloat = 4,
  kDLComplex = 5,
  kDLBool = 6,
} DLDataTypeCode;
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
typedef struct DLManagedTensor {
  DLTensor dl_tensor;
  void* manager_ctx;
  void (*deleter)(struct DLManagedTensor* self);
} DLManagedTensor;
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
inline constexpr bool is_complex =
    std::is_same_v<T, std::complex<float>> || std::is_same_v<T, std::complex<double>>;

template <class T>
constexpr DLDataType dlpack_type() {
  static_assert((std::is_integral_v<T> && sizeof(T) <= 8) || std::is_same_v<T, float> ||
                    std::is_same_v<T, double> || is_complex<T>,
                "manta: DLPack takes arrays of bool, integers up to 64 bits, float, double and "
                "std::complex of these two");
  constexpr DLDataTypeCode code = std::is_same_v<T, bool>       ? kDLBool
                                  : is_complex<T>               ? kDLComplex
                                  : std::is_floating_point_v<T> ? kDLFloat
                                  : std::is_signed_v<T>         ? kDLInt
                                                                : kDLUInt;
  return {static_cast<std::uint8_t>(code), static_cast<std::uint8_t>(8 * sizeof(T)), 1};
}

DLManagedTensorVersioned* to_dlpack(DLDataType type, std::span<const std::size_t> shape,
                                    std::size_t size, const void* data, base::StorageRef storage);

struct ImportedTensor {
  base::StorageRef storage;
  const std::byte* data = nullptr;
  Extents shape;
};
ImportedTensor from_dlpack(DLDataType type, std::size_t alignment,
                           DLManagedTensorVersioned* tensor);

}  // namespace detail

// The array as a tensor, whose deleter the consumer must call.
template <class T>
DLManagedTensorVersioned* to_dlpack(const Array<T>& array) {
  return detail::to_dlpack(detail::dlpack_type<T>(), array.shape(), array.size() * sizeof(T),
                           array.data(), detail::ArrayAccess::storage(array));
}

// Takes over the tensor: its deleter is called when the last view is gone. Nobody may write to its
// memory from now on.
template <class T>
Array<T> from_dlpack(DLManagedTensorVersioned* tensor) {
  auto imported = detail::from_dlpack(detail::dlpack_type<T>(), alignof(T), tensor);
  return detail::ArrayAccess::view<T>(std::move(imported.storage), imported.data,
                                      std::move(imported.shape));
}

}  // namespace manta
