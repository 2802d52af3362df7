#include "store_size.h"

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <linux/magic.h>
#include <string>
#include <sys/resource.h>
#include <sys/vfs.h>
#include <vector>

namespace manta::detail::node {
namespace {

constexpr std::size_t kGiB = std::size_t{1} << 30;
constexpr std::size_t kMost = 8192 * kGiB;

bool is_in_memory(const std::filesystem::path& directory) {
  struct statfs found = {};
  return ::statfs(directory.c_str(), &found) == 0 &&
         (found.f_type == TMPFS_MAGIC || found.f_type == static_cast<long>(RAMFS_MAGIC));
}

bool is_limited(__rlimit_resource_t resource) {
  rlimit limit = {};
  return ::getrlimit(resource, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY;
}

}  // namespace

std::vector<std::filesystem::path> spill_directories(
    const NodeOptions& options, const std::filesystem::path& session_directory) {
  if (!options.spill_dirs.empty()) return {options.spill_dirs.begin(), options.spill_dirs.end()};
  for (const std::filesystem::path& directory :
       {session_directory, std::filesystem::path("/var/tmp")}) {
    if (!is_in_memory(directory)) return {directory};
  }
  return {};
}

std::size_t address_bytes(std::uint64_t budget) {
  if (is_limited(RLIMIT_AS) || is_limited(RLIMIT_FSIZE)) return budget;
  return std::max<std::size_t>(budget, std::min(8 * budget, kMost));
}

std::size_t add_overflow_file(objectstore::ArenaFiles& files, const NodeOptions& options,
                              const std::filesystem::path& session_directory) {
  if (!options.overflow || is_limited(RLIMIT_AS)) return 0;
  const std::size_t most =
      std::clamp<std::size_t>(8 * options.object_store_bytes, 64 * kGiB, kMost);
  std::string why_not;
  const std::size_t size = objectstore::add_overflow(
      files, spill_directories(options, session_directory), most, why_not);
  if (!why_not.empty()) {
    std::fprintf(stderr, "manta node: no overflow of the store in %s\n", why_not.c_str());
  }
  return size;
}

}  // namespace manta::detail::node
