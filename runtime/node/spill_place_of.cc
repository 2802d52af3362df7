#include "spill_place_of.h"

#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <system_error>
#include <utility>

#include "../../objectstore/spill/s3_location.h"
#include "../../objectstore/spill/s3_place.h"
#include "../../objectstore/spill/spill_files.h"
#include "store_size.h"

namespace manta::detail::node {
namespace {

// SYNC: none: a count.
class FailingDisk final : public objectstore::Disk {
 public:
  explicit FailingDisk(int every) : every_(every) {}
  void write(const File& file, std::span<const std::byte> from, std::uint64_t at) override {
    if (every_ > 0 && ++writes_ % every_ == 0) {
      throw std::system_error(EIO, std::system_category(), "pwrite");
    }
    Disk::write(file, from, at);
  }

 private:
  const int every_;
  std::atomic<int> writes_{0};
};

}  // namespace

std::unique_ptr<objectstore::SpillPlace> spill_place_of(
    const NodeOptions& options, const std::filesystem::path& session_directory) {
  // What is spilled keeps its addresses.
  if (address_bytes(options) == options.object_store_bytes) return nullptr;
  if (!options.spill_dirs.empty() && objectstore::is_s3(options.spill_dirs.front())) {
    return std::make_unique<objectstore::S3Place>(
        objectstore::s3_location(options.spill_dirs.front()),
        "manta-" + session_directory.filename().string());
  }
  auto directories = spill_directories(options, session_directory);
  if (directories.empty()) return nullptr;
  const char* const failing = std::getenv("MANTA_FAILING_WRITES");
  static FailingDisk disk(failing != nullptr ? std::atoi(failing) : 0);
  return std::make_unique<objectstore::SpillFiles>(disk, std::move(directories));
}

}  // namespace manta::detail::node
