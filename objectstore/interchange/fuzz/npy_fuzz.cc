// The header of an .npy file, of any bytes: refused with its reason, or read into what makes the same header again.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "../../../base/error.h"
#include "../npy_format.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace manta;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (size < detail::kNpyPrefix) return 0;  // load_npy refuses it before
  try {
    const std::size_t offset = detail::npy_data_offset(bytes.substr(0, detail::kNpyPrefix));
    const detail::NpyHeader header = detail::parse_npy_header(bytes.substr(0, offset));
    if (header.column_major || header.type.empty()) return 0;
    const std::string again = detail::make_npy_header(header.type, header.shape);
    if (detail::parse_npy_header(again).shape != header.shape) std::abort();
  } catch (const InvalidArgument&) {
  }
  return 0;
}
