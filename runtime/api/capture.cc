#include "capture.h"

#include <cstdio>
#include <fstream>
#include <pthread.h>
#include <string>
#include <sys/mman.h>
#include <unistd.h>

#include "../../base/error.h"

namespace manta::detail {
namespace {

constexpr std::uint64_t kLowestAddress = 0x10000;
constexpr std::uint64_t kUserSpaceEnd = 1ULL << 47;

bool is_sanitizer_range(std::uint64_t address) {
#if defined(__SANITIZE_ADDRESS__)
  // The shadow memory of AddressSanitizer: so large that ordinary numbers are in its range.
  return address >= 0x7fff8000ULL && address < 0x10007fff8000ULL;
#else
  (void)address;
  return false;
#endif
}

bool is_mapped(std::uint64_t address) {
  if (address < kLowestAddress || address >= kUserSpaceEnd || is_sanitizer_range(address)) {
    return false;
  }
  static const auto page = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  return ::msync(reinterpret_cast<void*>(address & ~(page - 1)), 1, MS_ASYNC) == 0;
}

bool on_my_stack(std::uint64_t address) {
  pthread_attr_t attributes;
  if (::pthread_getattr_np(::pthread_self(), &attributes) != 0) return false;
  void* begin = nullptr;
  std::size_t size = 0;
  ::pthread_attr_getstack(&attributes, &begin, &size);
  ::pthread_attr_destroy(&attributes);
  return address - reinterpret_cast<std::uint64_t>(begin) < size;
}

// What is mapped at the address, as /proc/self/maps says (proc(5)): "[heap]", the path of a file, or nothing.
std::string mapping_of(std::uint64_t address) {
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) {
    unsigned long begin = 0, end = 0;
    int name = 0;
    // NOLINTNEXTLINE: what the kernel writes there are addresses
    const int read = std::sscanf(line.c_str(), "%lx-%lx %*s %*s %*s %*s %n", &begin, &end, &name);
    if (read == 2 && address >= begin && address < end) {
      return name == 0 ? std::string() : line.substr(static_cast<std::size_t>(name));
    }
  }
  return {};
}

std::string place_of(std::uint64_t address) {
  if (on_my_stack(address)) return "the stack of this thread";
  const std::string mapping = mapping_of(address);
  if (mapping == "[stack]") return "the stack of the main thread";
  if (mapping.starts_with("/memfd:")) return "memory that processes share, an array's say";
  if (mapping.starts_with('/')) {
    return "the image " + mapping + " (a constant, a global variable or a function)";
  }
  return "the heap, or the stack of another thread";
}

[[noreturn]] void refuse(std::uint64_t address, std::size_t word, std::size_t words,
                         std::string_view closure) {
  char where[96];
  std::snprintf(where, sizeof where, "the word at byte %zu of %zu is 0x%llx, which points into ",
                word * sizeof address, words * sizeof address,
                static_cast<unsigned long long>(address));
  std::string text("a capture of ");
  text.append(closure).append(" holds an address: ").append(where).append(place_of(address));
  text.append(
      ". It means nothing in another process. It is a reference capture ([&]), `this`, a pointer "
      "or a string_view: hand the value itself over with manta::capture(lambda, values...), whose "
      "lambda takes the values as its first parameters. If it is a number that only looks like an "
      "address, or bytes of an empty std::optional, say so with manta::plain(lambda), which is "
      "sent as it is");
  throw InvalidArgument(text);
}

}  // namespace

void refuse_addresses(std::span<const std::uint64_t> words, std::string_view closure) {
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (is_mapped(words[i])) refuse(words[i], i, words.size(), closure);
  }
}

}  // namespace manta::detail
