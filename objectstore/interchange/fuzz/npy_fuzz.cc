// An .npy file of any bytes: refused with its reason, or read as elements of several types; and what its header says
// makes a header that says the same.
#include <array>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string_view>

#include "../../../base/error.h"
#include "../npy_data.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

using namespace manta;
using namespace manta::detail;

struct Record {
  double x;
  char name[4];
  bool on;
  std::array<bfloat16, 2> pair;
};

// Refuses what the file is too short for, as files do, before memory is taken on the word of the header.
template <class T>
unsigned sum_of(const NpyHeader& header, std::string_view data) {
  try {
    const NpyField& element = npy_element<T>();
    const NpyLayout layout = match_npy(header, element, "load_npy");
    if (layout.size_in_file > data.size()) return 0;
    std::size_t end = 0;
    const auto read = [&](std::size_t offset, std::byte* to, std::size_t size) {
      if (size > data.size() || offset > data.size() - size) std::abort();
      if (size != 0) std::memcpy(to, data.data() + offset, size);
      end = offset + size;
    };
    const ArrayMemory memory = read_npy_data(layout, element, {read, data.size() % 2 == 0});
    if (end != layout.size_in_file) std::abort();
    unsigned sum = 0;
    for (std::size_t i = 0; i < layout.size_in_memory; ++i) {
      sum += static_cast<unsigned>(memory.writable[i]);
    }
    return sum;
  } catch (const InvalidArgument&) {  // of another type
    return 0;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (size < kNpyPrefix) return 0;  // load_npy refuses it before
  try {
    const std::size_t offset = npy_data_offset(bytes.substr(0, kNpyPrefix));
    if (offset > size) return 0;
    const NpyHeader header = parse_npy_header(bytes.substr(0, offset));
    const std::string again = make_npy_header(header.type, header.shape);
    const NpyHeader twice = parse_npy_header(again);
    if (twice.shape != header.shape || twice.type.size != header.type.size) std::abort();
    const std::string_view rest = bytes.substr(offset);
    return sum_of<double>(header, rest) + sum_of<bool>(header, rest) + sum_of<char>(header, rest) +
                       sum_of<std::array<char, 8>>(header, rest) +
                       sum_of<std::array<std::int16_t, 2>>(header, rest) +
                       sum_of<bfloat16>(header, rest) +
                       sum_of<std::chrono::nanoseconds>(header, rest) +
                       sum_of<Record>(header, rest) ==
                   12345
               ? 1
               : 0;
  } catch (const InvalidArgument&) {
  }
  return 0;
}
