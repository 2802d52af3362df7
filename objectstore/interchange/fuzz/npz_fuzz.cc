// An .npz file of any bytes: each array in it is refused with its reason, or read whole.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <sys/mman.h>
#include <unistd.h>

#include "../../../base/error.h"
#include "../npz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

// A file in memory, used again.
const std::string& file_of(const std::uint8_t* data, std::size_t size) {
  static const int file = memfd_create("npz", MFD_CLOEXEC);
  static const std::string path = "/proc/self/fd/" + std::to_string(file);
  if (ftruncate(file, 0) != 0 || pwrite(file, data, size, 0) != static_cast<ssize_t>(size)) {
    std::abort();
  }
  return path;
}

template <class T>
double sum_of(const manta::NpzFile& file, const std::string& name) {
  double sum = 0;
  try {
    const auto array = file.get<T>(name);
    for (const T element : array.span()) sum += static_cast<double>(element);
  } catch (const manta::InvalidArgument&) {  // of another type, or corrupt
  }
  return sum;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    const manta::NpzFile file(file_of(data, size));
    double sum = 0;
    for (const std::string& name : file.files()) {
      sum +=
          sum_of<double>(file, name) + sum_of<std::int32_t>(file, name) + sum_of<bool>(file, name);
    }
    if (sum == 0.123) return 1;
  } catch (const manta::InvalidArgument&) {  // no archive
  }
  return 0;
}
