// A ReplacementFile is a new file that takes the place of an old one when all of it is written, in one step: whoever
// opens the name finds the old content or the new one. A file that is never completed vanishes, and the old one stays.
//
//   open beside the old one --write--> complete --commit()--> it has the name
//                                 \--destroyed--> it is gone
//
// The old file's permissions are kept, and its owner where the system lets us. A file that may not be written is not
// replaced, even if the folder would allow it. Symbolic links stay: what they point to is replaced.
//
// Threads: confined.
// Errors:  OutOfDisk (for a full disk or a quota), else InvalidArgument; with the writer's name, the path, the reason.
#pragma once
#include <cstddef>
#include <filesystem>
#include <span>

#include "../../base/fd.h"

namespace manta::detail {

class ReplacementFile {
 public:
  // `what` is the public function that writes, for the errors.
  ReplacementFile(const char* what, const std::filesystem::path& path);
  ~ReplacementFile();
  ReplacementFile(const ReplacementFile&) = delete;
  ReplacementFile& operator=(const ReplacementFile&) = delete;

  void write(std::span<const std::byte> bytes);
  // The name of the file until commit(). Another library may write it by this name, and may replace it.
  const std::filesystem::path& own_path() const { return own_; }
  // The file takes the place of the old one.
  void commit();

 private:
  void take_over_attributes() const;

  const char* what_;
  std::filesystem::path path_;  // behind symbolic links
  std::filesystem::path own_;
  base::Fd fd_;
  bool committed_ = false;
};

// Throws what a failed system call of a writer means for its user.
[[noreturn]] void fail_writing(const char* what, const std::filesystem::path& path, int error);

// Writes all of `bytes` to a descriptor that is open for writing.
void write_all(const char* what, int fd, std::span<const std::byte> bytes,
               const std::filesystem::path& path);

}  // namespace manta::detail
