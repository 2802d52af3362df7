// `manta memory`: what lies in the object store of a running session, and what holds it.
#pragma once
#include <cstdint>
#include <string>

#include "../runtime/wire/memory_report.h"

namespace manta::cli {

// The order of the objects: the largest first, or by name or holders as texts.
enum class SortBy { kSize, kName, kHolder };
// One line for each object, or one for all with the same name, place where they were made, holder, or state. An object
// with several holders is in the line of each.
enum class GroupBy { kNothing, kName, kSite, kHolder, kState };

// What is asked for on the command line.
struct MemoryOptions {
  std::string address = {};   // of the session; empty: the one that runs
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
