#include <cstdio>
#include <sys/mman.h>
#include <unistd.h>

#include <manta/base/error.h>
#include <manta/runtime/capture.h>

namespace manta::detail {
namespace {

constexpr std::uint64_t kLowestAddress = 0x10000;
constexpr std::uint64_t kUserSpaceEnd = 1ULL << 47;

bool is_sanitizer_range(std::uint64_t address) {
#if defined(__SANITIZE_ADDRESS__)
  return address >= 0x7fff8000ULL &&
         address < 0x10007fff8000ULL;  // shadow: swallows ordinary numbers
#else
  (void)address;
  return false;
#endif
}

bool is_mapped(std::uint64_t address) {
  if (address < kLowestAddress || address >= kUserSpaceEnd || is_sanitizer_range(address))
    return false;
  static const auto page = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  return ::msync(reinterpret_cast<void*>(address & ~(page - 1)), 1, MS_ASYNC) == 0;
}

}  // namespace

void refuse_addresses(const void* bytes, std::size_t size, std::size_t alignment) {
  if (alignment < sizeof(void*)) return;
  const auto* at = static_cast<const unsigned char*>(bytes);
  for (std::size_t i = 0; i + sizeof(std::uint64_t) <= size; i += sizeof(std::uint64_t)) {
    std::uint64_t word = 0;
    std::memcpy(&word, at + i, sizeof word);
    if (!is_mapped(word)) continue;
    char text[560];
    std::snprintf(
        text, sizeof text,
        "a capture of this lambda holds an address (word %zu of %zu: 0x%llx is mapped "
        "memory), which means "
        "nothing in another process: a reference capture ([&]), `this`, a pointer or a "
        "string_view. Capture by "
        "value with manta::capture(lambda, values...). If it is a number that only looks "
        "like an address, say "
        "so: manta::plain(lambda). With Clang, unused bytes between captures of different "
        "sizes may look like one, too: capture the largest first",
        i / sizeof(std::uint64_t) + 1, size / sizeof(std::uint64_t),
        static_cast<unsigned long long>(word));
    throw InvalidArgument(text);
  }
}

}  // namespace manta::detail
