#include "file_reader.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <numeric>
#include <optional>
#include <string>
#include <system_error>
#include <unistd.h>

#include "words.h"

namespace codesearch {
namespace {

// Reads up to `room` bytes, from the beginning. The error if it cannot.
std::error_code read_file(const std::string& path, char* to, std::size_t room, std::size_t& size) {
  size = 0;
  // A file that was replaced by a link or a pipe meanwhile neither leads away nor blocks.
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
  int error = fd < 0 ? errno : 0;
  while (fd >= 0 && size < room) {
    const ssize_t n = read(fd, to + size, room - size);
    if (n < 0 && errno == EINTR) {
      continue;
    }
    if (n <= 0) {
      error = n < 0 ? errno : 0;
      break;
    }
    size += static_cast<std::size_t>(n);
  }
  if (fd >= 0) {
    close(fd);
  }
  return {error, std::generic_category()};
}

std::optional<Skipped> why_skipped(const std::string& path, std::string_view text,
                                   const std::error_code& error) {
  if (error == std::errc::no_such_file_or_directory) {
    return Skipped{path, SkipReason::kVanished, {}};
  }
  if (error) {
    return Skipped{path, SkipReason::kUnreadable, error.message()};
  }
  if (text.empty()) {
    return Skipped{path, SkipReason::kEmpty, {}};
  }
  if (std::memchr(text.data(), '\0', text.size()) != nullptr) {
    return Skipped{path, SkipReason::kBinary, {}};
  }
  return std::nullopt;
}

}  // namespace

FileTexts read_files(const Batch& batch) {
  const std::size_t total = std::accumulate(batch.sizes.begin(), batch.sizes.end(), std::size_t{0});
  FileTexts texts{manta::uninitialized<char>(total + kPadding), {}, {}};
  texts.places.reserve(batch.paths.size());
  std::uint32_t begin = 0;
  for (std::size_t i = 0; i < batch.paths.size(); ++i) {
    std::size_t size = 0;
    char* const to = texts.bytes.data() + begin;
    const std::error_code error = read_file(batch.paths[i], to, batch.sizes[i], size);
    if (auto skipped = why_skipped(batch.paths[i], {to, size}, error)) {
      texts.skipped.push_back(std::move(*skipped));
      size = 0;
    }
    texts.places.push_back({begin, static_cast<std::uint32_t>(size)});
    begin += batch.sizes[i];
  }
  std::fill_n(texts.bytes.data() + begin, kPadding, '\0');
  return texts;
}

}  // namespace codesearch
