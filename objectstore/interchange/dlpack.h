// Arrays to and from DLPack (https://dmlc.github.io/dlpack), without a copy: numpy, PyTorch, JAX and CuPy read it. An
// exported tensor lives on the CPU, and keeps the array's memory until its deleter is called.
//
//   DLManagedTensorVersioned* tensor = to_dlpack(array);        version 1: it says that it is read-only
//   DLManagedTensor* tensor = to_dlpack_unversioned(array);     as before version 1, for consumers that know no other
//   Array<float> a = from_dlpack<float>(tensor);                of either
//
// In Python a tensor travels in a capsule, which __dlpack__() gives: "dltensor_versioned" if the caller passed
// max_version=(1, 0) or more, else "dltensor". Whoever takes it over renames the capsule ("used_dltensor_versioned",
// "used_dltensor"); the destructor of one that was not renamed calls the tensor's deleter. JAX gives the unversioned
// one whatever is passed, and takes no other (findings/jax0102_ignores_dlpack_max_version.sh).
//
// The unversioned tensor cannot say that it is read-only, and not every consumer looks at the flag of the other one:
// numpy gives arrays that cannot be written for both, as JAX does; PyTorch gives a writable tensor and does not warn.
// So what is exported lies in a read-only mapping: a write through such a tensor is a fault, as any write to an Array
// is, and never changes one; tensor.clone() is writable. Arrays outside the object store (those under 64 KiB that were
// never put, those made without a session, imported ones) are copied once for that, and the versioned tensor says so
// (DLPACK_FLAG_BITMASK_IS_COPIED).
//
// Element types: bool, integers, float16, bfloat16, float, double, std::complex of the last two. Any shape is exported;
// an imported tensor must be row-major and in memory of the host. A bool whose byte is neither 0 nor 1 (numpy makes
// such by view) is true, and makes the import a copy.
// Threads: any.
// Errors:  InvalidArgument with the reason: the tensor is then still the caller's. OutOfMemory.
#pragma once
#include <complex>
#include <cstdint>
#include <type_traits>

#include "../../base/float16.h"
#include "../array.h"

#if defined(DLPACK_DLPACK_H_) && !defined(DLPACK_MAJOR_VERSION)
#error "manta: a dlpack.h of before version 1 was included: include one of version 1, or none"
#endif
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
                    std::is_same_v<T, double> || is_complex<T> || is_float16<T> || is_bfloat16<T>,
                "manta: DLPack takes arrays of bool, integers up to 64 bits, manta::float16, "
                "manta::bfloat16, float, double and std::complex of the last two");
  constexpr DLDataTypeCode code = std::is_same_v<T, bool>       ? kDLBool
                                  : is_complex<T>               ? kDLComplex
                                  : is_bfloat16<T>              ? kDLBfloat
                                  : is_float16<T>               ? kDLFloat
                                  : std::is_floating_point_v<T> ? kDLFloat
                                  : std::is_signed_v<T>         ? kDLInt
                                                                : kDLUInt;
  return {static_cast<std::uint8_t>(code), static_cast<std::uint8_t>(8 * sizeof(T)), 1};
}

// What is exported: bytes in a storage, and how they are to be seen.
struct TensorSource {
  DLDataType type;
  std::span<const std::size_t> shape;
  const void* data;
  std::size_t size;  // in bytes
  base::StorageRef storage;
};
template <class T>
TensorSource tensor_source(const Array<T>& array) {
  return {dlpack_type<T>(), array.shape(), array.data(), array.size() * sizeof(T),
          ArrayAccess::storage(array)};
}
DLManagedTensorVersioned* to_dlpack(TensorSource source);
DLManagedTensor* to_dlpack_unversioned(TensorSource source);

struct ImportedTensor {
  base::StorageRef storage;
  const std::byte* data = nullptr;
  Extents shape;
};
ImportedTensor from_dlpack(DLDataType type, std::size_t alignment,
                           DLManagedTensorVersioned* tensor);
ImportedTensor from_dlpack(DLDataType type, std::size_t alignment, DLManagedTensor* tensor);

template <class T>
Array<T> array_of(ImportedTensor imported) {
  return ArrayAccess::view<T>(std::move(imported.storage), imported.data,
                              std::move(imported.shape));
}

}  // namespace detail

// The array as a tensor, whose deleter the consumer must call.
template <class T>
DLManagedTensorVersioned* to_dlpack(const Array<T>& array) {
  return detail::to_dlpack(detail::tensor_source(array));
}
// The same for consumers from before version 1, which cannot be told that it is read-only.
template <class T>
DLManagedTensor* to_dlpack_unversioned(const Array<T>& array) {
  return detail::to_dlpack_unversioned(detail::tensor_source(array));
}

// Takes over the tensor: its deleter is called when the last view is gone. Nobody may write to its
// memory from now on.
template <class T>
Array<T> from_dlpack(DLManagedTensorVersioned* tensor) {
  return detail::array_of<T>(detail::from_dlpack(detail::dlpack_type<T>(), alignof(T), tensor));
}
template <class T>
Array<T> from_dlpack(DLManagedTensor* tensor) {
  return detail::array_of<T>(detail::from_dlpack(detail::dlpack_type<T>(), alignof(T), tensor));
}

}  // namespace manta
