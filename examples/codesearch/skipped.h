// A file that is not in the index, and why. It is counted and named, never an error.
#pragma once
#include <cstdint>
#include <string>

namespace codesearch {

enum class SkipReason : std::uint8_t { kUnreadable, kVanished, kEmpty, kBinary, kHuge };
inline constexpr int kSkipReasons = 5;

inline const char* name_of(SkipReason reason) {
  switch (reason) {
    case SkipReason::kUnreadable:
      return "unreadable";
    case SkipReason::kVanished:
      return "vanished";
    case SkipReason::kEmpty:
      return "empty";
    case SkipReason::kBinary:
      return "binary";
    case SkipReason::kHuge:
      return "huge";
  }
  return "skipped";
}

struct Skipped {
  std::string path;
  SkipReason reason;
  std::string detail;  // "Permission denied"; may be empty
};

}  // namespace codesearch
