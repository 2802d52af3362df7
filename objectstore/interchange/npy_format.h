// The header of an .npy file, from text and to text. No file is read or written here.
//
//   \x93NUMPY | major minor | header length (2 bytes, from version 2 on 4) | dict, padded | data
//
// The dict is Python: {'descr': '<f8', 'fortran_order': False, 'shape': (2, 3), }, in Latin-1, from version 3 on UTF-8.
// Errors: InvalidArgument with the reason, to which the caller adds the file. Units: bytes. Threads: any.
#pragma once
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "npy_info.h"
#include "npy_type.h"

namespace manta::detail {

struct NpyHeader {
  NpyType type;
  bool column_major = false;
  std::vector<std::size_t> shape;
};

// As much as is needed to know how long the header is.
inline constexpr std::size_t kNpyPrefix = 12;
inline constexpr std::size_t kNpyMaxHeader = std::size_t{1} << 20;

// Whether a file that begins so is one.
bool is_npy(std::string_view prefix);
// Where the data begins, from the first kNpyPrefix bytes.
std::size_t npy_data_offset(std::string_view prefix);
// The dict of a file, from all bytes before the data.
NpyHeader parse_npy_header(std::string_view bytes);
NpyInfo info_of(const NpyHeader& header);
// All bytes before the data, a multiple of 64.
std::string make_npy_header(const NpyType& type, const std::vector<std::size_t>& shape);

}  // namespace manta::detail
