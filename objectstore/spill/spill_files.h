// SpillFiles keep spilled objects on disk: many small ones in one file, the directories in turn.
//
//   directory:  in use --a write fails--> left out for 1 s, then 2, 4, ... 64 s --a write succeeds--> in use
//   file:       written by one call of write() --its last object is erased--> gone
//
// A disk that is nearly full gets smaller files, and is not left out for that.
//
// Files have no name, so that none is left when the process dies. An erased object's blocks are given back at once,
// also when others of its file stay. There are at most half as many files as the process may have descriptors.
// Invariant: an object is written whole or not at all.
// Threads:   as SpillPlace says. Errors: as there. Units: bytes.
#pragma once
#include <chrono>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <vector>

#include "back_off.h"
#include "disk.h"
#include "spill_place.h"
#include "spill_record.h"

namespace manta::objectstore {

class SpillFiles final : public SpillPlace {
 public:
  // Smaller objects are put together up to this; a larger one has a file of its own.
  static constexpr std::uint64_t kFileSize = 64 << 20;

  struct Stats {
    std::uint64_t objects = 0;
    std::uint64_t bytes = 0;  // of the objects
    std::uint64_t files = 0;
  };

  // `disk` must outlive this. Directories are made when they are first written to.
  SpillFiles(Disk& disk, std::vector<std::filesystem::path> directories);

  std::vector<SpilledAt> write(std::span<const Bytes> objects, Time now) override;
  void read(const SpilledAt& at, std::span<std::byte> to) override;
  void erase(const SpilledAt& at) override;
  Stats stats() const;

 private:
  struct Directory {
    std::filesystem::path path;
    BackOff writing = {};
    std::string full = {};  // why nothing was written that might have been; or empty
  };
  struct File {
    Disk::File file;
    std::uint64_t objects = 0;  // that are not erased
    std::shared_mutex blocks;   // taken exclusively to give some back
  };

  std::vector<SpilledAt> write_file(std::span<const Bytes> objects, Time now);
  std::vector<SpilledAt> write_file_in(Directory& directory, std::span<const Bytes> objects);
  [[noreturn]] void refuse(std::uint64_t size, Time now) const;
  std::size_t files() const;
  std::shared_ptr<File> find(std::uint32_t number) const;

  Disk& disk_;
  const std::size_t most_files_;
  std::vector<Directory> directories_;
  std::size_t next_ = 0;  // whose turn it is
  std::uint64_t last_object_ = 0;
  std::unique_ptr<AlignedBuffer> buffer_;  // made for the first write

  mutable std::mutex mutex_;  // of the rest
  std::uint32_t last_file_ = 0;
  std::map<std::uint32_t, std::shared_ptr<File>> files_;
  Stats stats_;
};

}  // namespace manta::objectstore
