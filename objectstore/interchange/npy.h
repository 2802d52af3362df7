// Arrays in numpy's .npy files. save_npy aligns the data to 64 bytes, so that numpy can map it.
//
//   save_npy("a.npy", array);                      numpy: np.load("a.npy")
//   const auto a = load_npy<double>("a.npy");      numpy: np.save("a.npy", a)
//   npy_info("a.npy")                              {"<f8", {2, 3}, false}: what it holds, without loading it
//
//   elements in C++                        in numpy
//   bool, integers, enums, floats          the same; an enum as its integer
//   float16, bfloat16                      <f2, <V2, as which ml_dtypes saves it
//   std::complex of floats                 <c8, <c16
//   std::array<char, 3>, <char32_t, 3>     |S3, <U3: text, with zeros behind it; shorter ones are read, too
//   char                                   |i1; reads |S3, too: each text is one more dimension
//   std::chrono durations, system times    <m8[ns], <M8[ns]; std::int64_t reads them, too: npy_info tells the unit
//   std::array<float, 3>                   one more dimension
//   structs of these with named members    structured dtypes; members are found by their names, in any layout
//   others that are trivially copyable     raw bytes, |V12
//
// Read are row-major files, and column-major ones (Fortran order), which are transposed on the way. The byte order is
// this machine's. save_npy replaces the file, behind symbolic links, only when all is written; a file that is not a
// regular one (a pipe, a device) is written into.
// Errors:  InvalidArgument with file and reason: unreadable, not an .npy, elements of another type (which it names, and
//          the call for it), truncated, bools that are none; OutOfDisk.
// Threads: any.
#pragma once
#include <cstddef>
#include <filesystem>
#include <utility>

#include "../array.h"
#include "npy_element.h"
#include "npy_info.h"

namespace manta {

namespace detail {

struct NpyContent {
  Extents shape;
  ArrayMemory memory;
};
NpyContent read_npy(const std::filesystem::path& path, const NpyField& element);

// An array as it is written.
struct NpyView {
  const NpyType* type;
  Shape shape;  // in the file: an element that is an array has some dimensions of its own
  const std::byte* data;
  std::size_t size;
  base::StorageRef storage;  // keeps the bytes alive
};
void write_npy(const std::filesystem::path& path, const NpyView& array);

// The same elements, whose padding is zeros: bytes of the stack must not leak, and equal arrays make equal files.
NpyView without_padding(NpyView array);

template <class T>
NpyView npy_view(const Array<T>& array) {
  const NpyField& element = npy_element<T>();
  NpyView view{&element.type,
               {array.shape().begin(), array.shape().end()},
               reinterpret_cast<const std::byte*>(array.data()),
               array.size() * sizeof(T),
               ArrayAccess::storage(array)};
  view.shape.insert(view.shape.end(), element.shape.begin(), element.shape.end());
  return without_padding(std::move(view));
}

template <class T>
Array<T> make_array(NpyContent content) {
  return ArrayAccess::adopt<T>(std::move(content.memory), std::move(content.shape)).freeze();
}

}  // namespace detail

// The array in the file.
template <class T>
Array<T> load_npy(const std::filesystem::path& path) {
  detail::require_array_element<T>();
  return detail::make_array<T>(detail::read_npy(path, detail::npy_element<T>()));
}

// Writes the array to the file.
template <class T>
void save_npy(const std::filesystem::path& path, const Array<T>& array) {
  detail::write_npy(path, detail::npy_view(array));
}

}  // namespace manta
