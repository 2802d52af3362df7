#include "npy.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

#include "../../base/error.h"
#include "../../base/fd.h"
#include "npy_data.h"
#include "replacement_file.h"

namespace manta {
namespace detail {
namespace {

// Reads `size` bytes, or fewer if the file ends before that, and gives their number.
std::size_t read_up_to(int fd, void* to, std::size_t size) {
  std::size_t done = 0;
  while (done < size) {
    const ssize_t n = ::read(fd, static_cast<char*>(to) + done, size - done);
    if (n == 0) {
      break;
    }
    if (n < 0 && errno != EINTR) {
      throw InvalidArgument(std::system_category().message(errno));
    }
    done += n > 0 ? static_cast<std::size_t>(n) : 0;
  }
  return done;
}

std::string read_header(int fd) {
  std::string bytes(kNpyPrefix, '\0');
  bytes.resize(read_up_to(fd, bytes.data(), kNpyPrefix));
  const std::size_t end = std::max(npy_data_offset(bytes), kNpyPrefix);
  bytes.resize(end);
  bytes.resize(kNpyPrefix + read_up_to(fd, bytes.data() + kNpyPrefix, end - kNpyPrefix));
  if (bytes.size() < end) {
    throw InvalidArgument("it ends inside its header");
  }
  return bytes;
}

// Reads from the data on. A regular file has all that it says, or is refused before memory is allocated for it; others
// are read as they come.
NpySource source_of(int fd, std::size_t needed) {
  struct stat status = {};
  const off_t begin = ::lseek(fd, 0, SEEK_CUR);
  const bool regular = ::fstat(fd, &status) == 0 && S_ISREG(status.st_mode) && begin >= 0;
  if (regular && static_cast<std::size_t>(std::max<off_t>(0, status.st_size - begin)) < needed) {
    throw InvalidArgument("it is truncated: it has " + std::to_string(status.st_size - begin) +
                          " of " + std::to_string(needed) + " bytes of data");
  }
  return {[=](std::size_t offset, std::byte* to, std::size_t size) {
            if (regular && ::lseek(fd, begin + static_cast<off_t>(offset), SEEK_SET) < 0) {
              throw InvalidArgument(std::system_category().message(errno));
            }
            if (read_up_to(fd, to, size) < size) {
              throw InvalidArgument("it is truncated");
            }
          },
          regular};
}

NpyContent read_content(int fd, const NpyField& element) {
  const NpyHeader header = parse_npy_header(read_header(fd));
  NpyLayout layout = match_npy(header, element, "load_npy");
  const NpySource source = source_of(fd, layout.size_in_file);
  if (layout.column_major) ::posix_fadvise(fd, 0, 0, POSIX_FADV_WILLNEED);
  ArrayMemory memory = read_npy_data(layout, element, source);
  return {std::move(layout.shape), std::move(memory)};
}

// Opens the file for `read`, and names it in what that throws.
template <class Read>
auto with_file(const char* what, const std::filesystem::path& path, Read read) {
  try {
    const base::Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!fd) {
      throw InvalidArgument(std::system_category().message(errno));
    }
    return read(fd.get());
  } catch (const InvalidArgument& error) {
    throw InvalidArgument(std::string(what) + ": " + path.string() + ": " +
                          error.std::runtime_error::what());
  }
}

}  // namespace

NpyContent read_npy(const std::filesystem::path& path, const NpyField& element) {
  return with_file("load_npy", path, [&](int fd) { return read_content(fd, element); });
}

NpyView without_padding(NpyView array) {
  const std::vector<NpyPiece> pieces = npy_pieces(*array.type);
  const std::size_t item = array.type->size;
  if (pieces.size() == 1 && pieces[0].size == item) return array;
  auto copy = base::HeapStorage::create(array.size);
  std::memset(copy->mutable_data(), 0, array.size);
  for (std::size_t at = 0; at < array.size; at += item) {
    for (const NpyPiece& piece : pieces) {
      std::memcpy(copy->mutable_data() + at + piece.to, array.data + at + piece.from, piece.size);
    }
  }
  array.data = copy->data();
  array.storage = std::move(copy);
  return array;
}

void write_npy(const std::filesystem::path& path, const NpyView& array) {
  const std::string header = make_npy_header(*array.type, array.shape);
  const auto header_bytes = std::as_bytes(std::span(header));
  const std::span data(array.data, array.size);
  std::error_code ignored;
  const auto status = std::filesystem::status(path, ignored);
  if (std::filesystem::exists(status) && !std::filesystem::is_regular_file(status)) {
    const base::Fd fd(::open(path.c_str(), O_WRONLY | O_NOCTTY | O_CLOEXEC));
    if (!fd) fail_writing("save_npy", path, errno);
    write_all("save_npy", fd.get(), header_bytes, path);
    return write_all("save_npy", fd.get(), data, path);
  }
  ReplacementFile file("save_npy", path);
  file.write(header_bytes);
  file.write(data);
  file.commit();
}

}  // namespace detail

NpyInfo npy_info(const std::filesystem::path& path) {
  return detail::with_file("npy_info", path, [](int fd) {
    return detail::info_of(detail::parse_npy_header(detail::read_header(fd)));
  });
}

}  // namespace manta
