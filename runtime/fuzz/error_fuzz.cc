// The record of an error, as another process sends it: whatever the bytes are, a record or a SerializationError; and
// what was read is written and read again as itself.
#include <cstdlib>

#include "../../base/error.h"
#include "../wire/error_record.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace manta::detail;
  try {
    const ErrorRecord read = decode_error(std::as_bytes(std::span(data, size)));
    const auto written = encode_error(read);
    if (encode_error(decode_error(written)) != written) std::abort();
  } catch (const manta::SerializationError&) {  // the answer to most inputs
  }
  return 0;
}
