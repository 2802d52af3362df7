// What an .npy file, or a member of an .npz file, says of itself.
#pragma once
#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include "../../base/build_settings.h"

namespace manta {

// What an .npy file, or an array in an .npz file, says of itself.
struct NpyInfo {
  std::string dtype = {};  // as numpy writes it: "<f8"; for structs "[('x', '<f8'), ('y', '<i4')]"
  std::vector<std::size_t> shape = {};
  bool fortran_order = false;  // the first index runs fastest in the file
};

// Reads no more than the header. Errors: InvalidArgument with file and reason. Threads: any.
NpyInfo npy_info(const std::filesystem::path& path);

}  // namespace manta
