// What a tool and the node say to each other over the session's socket "console": one question, one answer, the end.
//
//   tool: ConsoleAsk -->   <-- node: ConsoleTold, `size` bytes: a payload, or a text that says why there is none
//
// They may be of different builds, so these two structs never change: another version is another number.
// Threads: any. Units: bytes.
#pragma once
#include <array>
#include <cstdint>

#include "../../base/build_settings.h"

namespace manta::detail {

inline constexpr std::uint32_t kConsoleVersion = 3;
inline constexpr std::array<char, 8> kConsoleMagic = {'m', 'a', 'n', 't', 'a', 'a', 's', 'k'};
inline constexpr const char* kConsoleSocket = "console";  // in the session's directory

enum class ConsoleQuestion : std::uint32_t { kMemory = 1, kStatus = 2 };

struct ConsoleAsk {
  std::array<char, 8> magic = kConsoleMagic;
  std::uint32_t version = kConsoleVersion;
  ConsoleQuestion question = ConsoleQuestion::kMemory;
  std::uint64_t most = 0;  // objects; 0: no process but the node is asked
};

struct ConsoleTold {
  std::array<char, 8> magic = kConsoleMagic;
  std::uint32_t version = kConsoleVersion;
  std::uint32_t refused = 0;  // not 0: what follows says why
  std::uint64_t size = 0;
};

}  // namespace manta::detail
