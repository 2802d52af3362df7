// A Disk is what SpillFiles asks of file systems. Tests have one that fails.
//
// Threads: any. Units: bytes. Errors: std::system_error, with the call that failed.
#pragma once
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>

#include "../../base/fd.h"

namespace manta::objectstore {

class Disk {
 public:
  // Where memory, place and size must be multiples of for I/O past the page cache.
  static constexpr std::size_t kAligned = 4096;

  struct File {
    base::Fd fd;
    bool direct = false;  // it is read and written past the page cache
  };

  Disk() = default;
  virtual ~Disk() = default;
  Disk(const Disk&) = delete;
  Disk& operator=(const Disk&) = delete;

  // A new file without a name, so that it is gone when the process is.
  virtual File create(const std::filesystem::path& directory);
  virtual void write(const File& file, std::span<const std::byte> from, std::uint64_t at);
  // Errors beside the kernel's: EIO where the file ends too early.
  virtual void read(const File& file, std::span<std::byte> to, std::uint64_t at);
  // Gives the blocks of a range back, where the file system can.
  virtual void punch(const File& file, std::uint64_t at, std::uint64_t size) noexcept;
  // What this process may still write there.
  virtual std::uint64_t available(const std::filesystem::path& directory);
};

}  // namespace manta::objectstore
