#include "disk.h"

#include <cerrno>
#include <fcntl.h>
#include <string>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

#include "../../base/unnamed_file.h"

namespace manta::objectstore {
namespace {

[[noreturn]] void fail(const char* call, int error = errno) {
  throw std::system_error(error, std::system_category(), call);
}

// All of the bytes, by as many calls as that takes. One that gives none fails: the file ends there.
template <class Byte, class Call>
void transfer(const char* name, std::span<Byte> bytes, std::uint64_t at, const Call& call) {
  while (!bytes.empty()) {
    const ssize_t n = call(bytes.data(), bytes.size(), static_cast<off_t>(at));
    if (n < 0 && errno != EINTR) fail(name);
    if (n == 0) fail((std::string(name) + " beyond the end of the file").c_str(), EIO);
    if (n < 0) continue;
    bytes = bytes.subspan(static_cast<std::size_t>(n));
    at += static_cast<std::uint64_t>(n);
  }
}

bool may_be_direct(int fd) {
  struct statx found = {};
  if (::statx(fd, "", AT_EMPTY_PATH, STATX_DIOALIGN, &found) != 0) return false;
  const auto fits = [](std::uint32_t aligned) {
    return aligned != 0 && Disk::kAligned % aligned == 0;
  };
  return (found.stx_mask & STATX_DIOALIGN) != 0 && fits(found.stx_dio_mem_align) &&
         fits(found.stx_dio_offset_align);
}

}  // namespace

Disk::File Disk::create(const std::filesystem::path& directory) {
  File file{.fd = base::create_unnamed_file(directory)};
  if (!file.fd) fail("open");
  file.direct =
      may_be_direct(file.fd.get()) && ::fcntl(file.fd.get(), F_SETFL, O_RDWR | O_DIRECT) == 0;
  return file;
}

void Disk::write(const File& file, std::span<const std::byte> from, std::uint64_t at) {
  transfer("pwrite", from, at, [&](const std::byte* bytes, std::size_t size, off_t place) {
    return ::pwrite(file.fd.get(), bytes, size, place);
  });
}

void Disk::read(const File& file, std::span<std::byte> to, std::uint64_t at) {
  transfer("pread", to, at, [&](std::byte* bytes, std::size_t size, off_t place) {
    return ::pread(file.fd.get(), bytes, size, place);
  });
}

void Disk::punch(const File& file, std::uint64_t at, std::uint64_t size) noexcept {
  (void)::fallocate(file.fd.get(), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
                    static_cast<off_t>(at), static_cast<off_t>(size));
}

std::uint64_t Disk::available(const std::filesystem::path& directory) {
  const auto free = base::free_on_disk(directory);
  if (!free) fail("statvfs");
  return *free;
}

}  // namespace manta::objectstore
