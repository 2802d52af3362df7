// An .npz file of any bytes: each array in it is refused with its reason, or read whole.
#include <array>
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

struct Record {
  double x;
  char name[4];
  bool on;
  std::array<manta::bfloat16, 2> pair;
};

double value_of(double element) { return element; }
double value_of(const Record& record) { return record.x + (record.on ? 1 : 0) + record.pair[1]; }
double value_of(const std::array<char, 4>& text) { return text[0]; }

// What it holds is said, or refused.
std::size_t members_of(const std::string& path) {
  try {
    return manta::npz_members(path).size();
  } catch (const manta::InvalidArgument&) {
    return 0;
  }
}

template <class T>
double sum_of(const manta::NpzFile& file, const std::string& name) {
  double sum = 0;
  try {
    const auto array = file.get<T>(name);
    for (const T& element : array.span()) sum += value_of(element);
  } catch (const manta::InvalidArgument&) {  // of another type, or corrupt
  }
  return sum;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    const std::string& path = file_of(data, size);
    auto sum = static_cast<double>(members_of(path));
    const manta::NpzFile file(path);
    for (const std::string& name : file.files()) {
      sum += sum_of<double>(file, name) + sum_of<std::int32_t>(file, name) +
             sum_of<bool>(file, name) + sum_of<Record>(file, name) +
             sum_of<std::array<char, 4>>(file, name);
    }
    if (sum == 0.123) return 1;
  } catch (const manta::InvalidArgument&) {  // no archive
  }
  return 0;
}
