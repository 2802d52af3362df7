#include "npy.h"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

#include "../../base/error.h"
#include "../../base/fd.h"
#include "npy_format.h"
#include "replacement_file.h"

namespace manta::detail {
namespace {

[[noreturn]] void cannot_read(const std::filesystem::path& path, const std::string& why) {
  throw InvalidArgument("load_npy: " + path.string() + ": " + why);
}

// Reads `size` bytes, or fewer if the file ends before that, and gives their number.
std::size_t read_up_to(int fd, void* to, std::size_t size, const std::filesystem::path& path) {
  std::size_t done = 0;
  while (done < size) {
    const ssize_t n = ::read(fd, static_cast<char*>(to) + done, size - done);
    if (n == 0) {
      break;
    }
    if (n < 0 && errno != EINTR) {
      cannot_read(path, std::system_category().message(errno));
    }
    done += n > 0 ? static_cast<std::size_t>(n) : 0;
  }
  return done;
}

std::string read_header(int fd, const std::filesystem::path& path) {
  std::string bytes(kNpyPrefix, '\0');
  bytes.resize(read_up_to(fd, bytes.data(), kNpyPrefix, path));
  const std::size_t end = std::max(npy_data_offset(bytes), kNpyPrefix);
  bytes.resize(end);
  bytes.resize(kNpyPrefix + read_up_to(fd, bytes.data() + kNpyPrefix, end - kNpyPrefix, path));
  if (bytes.size() < end) {
    cannot_read(path, "it ends inside its header");
  }
  return bytes;
}

// Refuses a file that does not hold what its header says, before memory is allocated for it.
void check_length(int fd, std::size_t needed, const std::filesystem::path& path) {
  struct stat status = {};
  const off_t position = ::lseek(fd, 0, SEEK_CUR);
  if (::fstat(fd, &status) == 0 && S_ISREG(status.st_mode) && position >= 0 &&
      static_cast<std::size_t>(std::max<off_t>(0, status.st_size - position)) < needed) {
    cannot_read(path,
                "it is truncated: " + std::to_string(needed) + " bytes of data are missing some");
  }
}

NpyContent read_content(int fd, const std::filesystem::path& path, const std::string& type,
                        std::size_t element_size) {
  const NpyHeader header = parse_npy_header(read_header(fd, path));
  check_npy_header(header, type);
  NpyContent content{Extents(std::span<const std::size_t>(header.shape)), {}};
  std::size_t size = 0;
  if (__builtin_mul_overflow(content.shape.count(), element_size, &size)) {
    cannot_read(path, "its shape is larger than memory");
  }
  check_length(fd, size, path);
  content.memory = allocate_array(content.shape.count(), element_size, Fill::kNone);
  if (read_up_to(fd, content.memory.writable, size, path) < size) {
    cannot_read(path, "it is truncated");
  }
  return content;
}

}  // namespace

std::string npy_type(char kind, std::size_t size) {
  const bool bytes = kind == 'b' || kind == 'V' || size == 1;  // without a byte order
  return std::string(1, bytes ? '|' : '<') + kind + std::to_string(size);
}

NpyContent read_npy(const std::filesystem::path& path, const std::string& type,
                    std::size_t element_size) {
  const base::Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) {
    cannot_read(path, std::system_category().message(errno));
  }
  try {
    return read_content(fd.get(), path, type, element_size);
  } catch (const InvalidArgument& error) {
    const std::string what = error.std::runtime_error::what();
    if (what.starts_with("load_npy: ")) {
      throw;
    }
    cannot_read(path, what);
  }
}

void write_npy(const std::filesystem::path& path, const std::string& type, const Extents& shape,
               const std::byte* data, std::size_t size) {
  const std::string header = make_npy_header(type, shape.view());
  const auto header_bytes = std::as_bytes(std::span(header));
  std::error_code ignored;
  const auto status = std::filesystem::status(path, ignored);
  if (std::filesystem::exists(status) && !std::filesystem::is_regular_file(status)) {
    const base::Fd fd(::open(path.c_str(), O_WRONLY | O_NOCTTY | O_CLOEXEC));
    if (!fd) fail_writing("save_npy", path, errno);
    write_all("save_npy", fd.get(), header_bytes, path);
    return write_all("save_npy", fd.get(), {data, size}, path);
  }
  ReplacementFile file("save_npy", path);
  file.write(header_bytes);
  file.write({data, size});
  file.commit();
}

}  // namespace manta::detail
