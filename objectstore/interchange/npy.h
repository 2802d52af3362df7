// Arrays in numpy's .npy files. save_npy aligns the data to 64 bytes, so that numpy can map it;
// load_npy reads row-major files of the array's own element type and byte order.
//
// Element types: bool, integers, float, double, std::complex of both, and other trivially copyable
// types as raw bytes ("|V12"). save_npy replaces the file, behind symbolic links, only when all is written; a file that
// is not a regular one (a pipe, a device) is written into.
// Errors:  InvalidArgument with file and reason: unreadable, not an .npy, another type, column-major, truncated;
//          OutOfDisk.
// Threads: any.
#pragma once
#include <complex>
#include <cstddef>
#include <filesystem>
#include <string>
#include <type_traits>

#include "../array.h"

namespace manta {

namespace detail {

// numpy's name of an element type, such as "<f8".
std::string npy_type(char kind, std::size_t size);

struct NpyContent {
  Extents shape;
  ArrayMemory memory;
};
NpyContent read_npy(const std::filesystem::path& path, const std::string& type,
                    std::size_t element_size);
void write_npy(const std::filesystem::path& path, const std::string& type, const Extents& shape,
               const std::byte* data, std::size_t size);

template <class T>
inline constexpr char kNpyKind = std::is_same_v<T, bool>       ? 'b'
                                 : std::is_floating_point_v<T> ? 'f'
                                 : !std::is_integral_v<T>      ? 'V'
                                 : std::is_unsigned_v<T>       ? 'u'
                                                               : 'i';
template <class T>
inline constexpr char kNpyKind<std::complex<T>> = 'c';

}  // namespace detail

// The array in the file.
template <class T>
Array<T> load_npy(const std::filesystem::path& path) {
  auto content =
      detail::read_npy(path, detail::npy_type(detail::kNpyKind<T>, sizeof(T)), sizeof(T));
  return detail::ArrayAccess::adopt<T>(std::move(content.memory), std::move(content.shape))
      .freeze();
}

// Writes the array to the file.
template <class T>
void save_npy(const std::filesystem::path& path, const Array<T>& array) {
  detail::write_npy(path, detail::npy_type(detail::kNpyKind<T>, sizeof(T)),
                    detail::ArrayAccess::extents(array),
                    reinterpret_cast<const std::byte*>(array.data()), array.size() * sizeof(T));
}

}  // namespace manta
