// `manta memory`: what lies in the object store of a running session, and what holds it.
#pragma once
#include <cstdint>
#include <string>

#include "../runtime/wire/memory_report.h"

namespace manta::cli {

enum class SortBy { kSize, kName, kHolder };
enum class GroupBy { kNothing, kName, kSite, kHolder, kState };

struct MemoryOptions {
  std::string address = {};
  std::uint64_t most = 1000;  // objects
  SortBy sort = SortBy::kSize;
  GroupBy group = GroupBy::kNothing;
  bool json = false;
};

// What is to be printed. Throws RuntimeError if the session does not answer.
std::string memory(const MemoryOptions& options);
// The same of a report.
std::string text_of(const detail::MemoryReport& report, const MemoryOptions& options);

}  // namespace manta::cli
