#include "leak_report.h"

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <thread>

#include "../../base/error.h"
#include "../launch/ask_console.h"
#include "../ownership/memory_text.h"
#include "../wire/memory_report.h"

namespace manta::detail {
namespace {

constexpr std::size_t kMostLines = 20;
// What was dropped last is still on its way to the node.
constexpr int kLooks = 20;
constexpr std::chrono::milliseconds kBetween(10);

std::string text_of(const MemoryReport& report) {
  const bool one = report.blocks_in_all == 1;
  std::string text = "manta: at the end of the session " + std::to_string(report.blocks_in_all) +
                     (one ? " object is" : " objects are") + " held, of " +
                     std::to_string(report.used + report.spilled) + " bytes:\n";
  for (const MemoryObject& object : report.objects) text += "  " + text_of(object) + "\n";
  if (report.objects.size() < report.blocks_in_all) {
    text += "  and " + std::to_string(report.blocks_in_all - report.objects.size()) + " more\n";
  }
  return text;
}

}  // namespace

void report_leaks(const std::filesystem::path& session_directory) {
  const char* const wanted = std::getenv("MANTA_LEAK_REPORT");
  if (wanted == nullptr || std::strcmp(wanted, "1") != 0) return;
  try {
    for (int look = 1;; ++look) {
      const auto report =
          decode_memory_report(ask_console(session_directory, {.most = kMostLines}));
      if (!report) throw RuntimeError("its answer cannot be read");
      if (report->blocks_in_all == 0) return;
      if (look < kLooks && report->silent.empty()) {
        std::this_thread::sleep_for(kBetween);
      } else {
        std::fputs(text_of(*report).c_str(), stderr);
        return;
      }
    }
  } catch (const std::exception& error) {
    std::fprintf(stderr, "manta: no report of what is held at the end of the session: %s\n",
                 error.what());
  }
}

}  // namespace manta::detail
