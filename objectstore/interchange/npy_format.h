// The header of an .npy file, from text and to text. No file is read or written here.
//
//   \x93NUMPY | major minor | header length (2 bytes, from version 2 on 4) | dict, padded | data
//
// Errors: InvalidArgument with the reason, to which the caller adds the file. Units: bytes. Threads: any.
#pragma once
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "../../base/build_settings.h"

namespace manta::detail {

struct NpyHeader {
  std::string type;  // such as "<f8"; "" for a structured type
  bool column_major = false;
  std::vector<std::size_t> shape;
};

// As much as is needed to know how long the header is.
inline constexpr std::size_t kNpyPrefix = 12;
inline constexpr std::size_t kNpyMaxHeader = std::size_t{1} << 20;

// Where the data begins, from the first kNpyPrefix bytes.
std::size_t npy_data_offset(std::string_view prefix);
// The dict of a file, from all bytes before the data.
NpyHeader parse_npy_header(std::string_view bytes);
// Refuses a file of another element type, and column-major order.
void check_npy_header(const NpyHeader& header, const std::string& type);
// All bytes before the data, a multiple of 64.
std::string make_npy_header(std::string_view type, std::span<const std::size_t> shape);

}  // namespace manta::detail
