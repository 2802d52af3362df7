// The files in which a node keeps spilled objects: they have no names, only descriptors of the node's.
#pragma once
#include <cstddef>
#include <fcntl.h>
#include <filesystem>
#include <string>
#include <sys/stat.h>
#include <sys/types.h>
#include <system_error>
#include <unistd.h>
#include <vector>

#include "../base/fd.h"

namespace manta::testing {

inline std::vector<std::filesystem::path> spilled_files(pid_t node,
                                                        const std::filesystem::path& directory) {
  std::vector<std::filesystem::path> files;
  const auto descriptors = "/proc/" + std::to_string(node) + "/fd";
  for (const auto& entry : std::filesystem::directory_iterator(descriptors)) {
    std::error_code error;  // it may be closed by now
    const auto target = std::filesystem::read_symlink(entry.path(), error).string();
    if (target.starts_with(directory.string())) files.push_back(entry.path());
  }
  return files;
}

// What they take of the disk.
inline std::size_t bytes_on_disk(pid_t node, const std::filesystem::path& directory) {
  std::size_t bytes = 0;
  for (const auto& file : spilled_files(node, directory)) {
    struct stat found = {};
    if (::stat(file.c_str(), &found) == 0) bytes += static_cast<std::size_t>(found.st_blocks) * 512;
  }
  return bytes;
}

// Some bytes of every 4 MiB become others. False: there was nothing that could be written to.
inline bool damage_spilled(pid_t node, const std::filesystem::path& directory) {
  bool damaged = false;
  for (const auto& path : spilled_files(node, directory)) {
    const base::Fd file(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
    if (!file) return false;
    for (off_t at = 1 << 20; at < 200 << 20; at += 4 << 20) {
      if (::pwrite(file.get(), "damage", 6, at) != 6) return false;
      damaged = true;
    }
  }
  return damaged;
}

}  // namespace manta::testing
