#include <algorithm>
#include <atomic>
#include <cerrno>
#include <fcntl.h>
#include <string_view>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

#include <manta/base/error.h>
#include <manta/base/fd.h>
#include <manta/objectstore/npy.h>
#include <manta/objectstore/npy_format.h>

namespace manta::detail {
namespace {

[[noreturn]] void cannot_read(const std::filesystem::path& path, const std::string& why) {
  throw InvalidArgument("load_npy: " + path.string() + ": " + why);
}

[[noreturn]] void cannot_write(const std::filesystem::path& path, int error) {
  const std::string what =
      "save_npy: " + path.string() + ": " + std::system_category().message(error);
  if (error == ENOSPC || error == EDQUOT) {
    throw OutOfDisk(what);
  }
  throw InvalidArgument(what);
}

// As many bytes as there are, at most `size`.
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

// Nothing is allocated for a file that does not hold it.
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

void write_all(int fd, const void* from, std::size_t size, const std::filesystem::path& path) {
  const char* at = static_cast<const char*>(from);
  while (size != 0) {
    const ssize_t n = ::write(fd, at, size);
    if (n < 0 && errno != EINTR) {
      cannot_write(path, errno);
    }
    const std::size_t done = n > 0 ? static_cast<std::size_t>(n) : 0;
    at += done;
    size -= done;
  }
}

// A file beside `path` that takes its place when it is complete, and vanishes when it never is.
class Replacement {
 public:
  explicit Replacement(const std::filesystem::path& path) : path_(path), own_(path) {
    static std::atomic<unsigned> count{0};  // SYNC: none, only different numbers
    own_ += "." + std::to_string(::getpid()) + "-" + std::to_string(count.fetch_add(1)) + ".part";
    fd_.reset(::open(own_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
    if (!fd_) {
      cannot_write(path_, errno);
    }
  }
  ~Replacement() {
    if (fd_) {
      ::unlink(own_.c_str());
    }
  }
  int fd() const { return fd_.get(); }
  void commit() {
    if (::rename(own_.c_str(), path_.c_str()) != 0) {
      cannot_write(path_, errno);
    }
    fd_.reset();
  }

 private:
  const std::filesystem::path& path_;
  std::filesystem::path own_;
  base::Fd fd_;
};

}  // namespace

std::filesystem::path behind_links(std::filesystem::path path, std::error_code& loop) {
  constexpr int kMaxLinks = 40;  // as the kernel allows
  for (int i = 0; i < kMaxLinks; ++i) {
    std::error_code no_link;
    const auto target = std::filesystem::read_symlink(path, no_link);
    if (no_link) {
      return path;
    }
    path = path.parent_path() / target;
  }
  loop = std::make_error_code(std::errc::too_many_symbolic_link_levels);
  return path;
}

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
  const auto write_to = [&](int fd) {
    write_all(fd, header.data(), header.size(), path);
    write_all(fd, data, size, path);
  };
  std::error_code ignored;
  const auto status = std::filesystem::status(path, ignored);
  if (std::filesystem::exists(status) && !std::filesystem::is_regular_file(status)) {
    const base::Fd fd(::open(path.c_str(), O_WRONLY | O_NOCTTY | O_CLOEXEC));
    if (!fd) {
      cannot_write(path, errno);
    }
    return write_to(fd.get());
  }
  std::error_code loop;
  const std::filesystem::path place = behind_links(path, loop);
  if (loop) {
    cannot_write(path, ELOOP);
  }
  Replacement file(place);
  write_to(file.fd());
  file.commit();
}

}  // namespace manta::detail
