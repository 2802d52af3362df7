#include "store_size.h"

#include <algorithm>
#include <cstdio>
#include <linux/magic.h>
#include <string>
#include <sys/vfs.h>
#include <vector>

#include "../../objectstore/spill/s3_location.h"

namespace manta::detail::node {
namespace {

bool is_in_memory(const std::filesystem::path& directory) {
  struct statfs found = {};
  return ::statfs(directory.c_str(), &found) == 0 &&
         (found.f_type == TMPFS_MAGIC || found.f_type == static_cast<long>(RAMFS_MAGIC));
}

}  // namespace

std::vector<std::filesystem::path> spill_directories(
    const NodeOptions& options, const std::filesystem::path& session_directory) {
  if (!options.spill_dirs.empty() && !objectstore::is_s3(options.spill_dirs.front())) {
    return {options.spill_dirs.begin(), options.spill_dirs.end()};
  }
  for (const std::filesystem::path& directory :
       {session_directory, std::filesystem::path("/var/tmp")}) {
    if (!is_in_memory(directory)) return {directory};
  }
  return {};
}

std::size_t address_bytes(const NodeOptions& options) {
  return std::max(options.object_store_bytes, options.store_addresses.memory);
}

std::size_t add_overflow_file(objectstore::ArenaFiles& files, const NodeOptions& options,
                              const std::filesystem::path& session_directory) {
  if (options.store_addresses.overflow == 0) return 0;
  std::string why_not;
  const std::size_t size =
      objectstore::add_overflow(files, spill_directories(options, session_directory),
                                options.store_addresses.overflow, why_not);
  if (!why_not.empty()) {
    std::fprintf(stderr, "manta node: no overflow of the store in %s\n", why_not.c_str());
  }
  return size;
}

}  // namespace manta::detail::node
