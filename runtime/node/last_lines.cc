#include "last_lines.h"

#include <algorithm>

namespace manta::detail::node {
namespace {

constexpr std::size_t kLines = 20;
constexpr std::size_t kLinesBeforeReport = 3;
constexpr std::size_t kLinesAfterReport = 5;
constexpr std::size_t kLineBytes = 400;
// A report that did not end the process says nothing about its death after so many other lines.
constexpr std::size_t kReportLines = 400;

bool is_fatal_report(std::string_view line) {
  for (const char* words : {"ERROR: AddressSanitizer", "ERROR: LeakSanitizer",
                            "ERROR: ThreadSanitizer", "ERROR: UndefinedBehaviorSanitizer",
                            "WARNING: MemorySanitizer", "ERROR: HWAddressSanitizer"}) {
    if (line.find(words) != std::string_view::npos) return true;
  }
  return false;
}

bool is_report(std::string_view line) {
  return is_fatal_report(line) || line.find("WARNING: ThreadSanitizer") != std::string_view::npos ||
         line.find(": runtime error: ") != std::string_view::npos;
}

}  // namespace

void LastLines::add(std::string_view line) {
  const std::string kept(line.substr(0, kLineBytes));
  const bool begins = report_.empty() ? is_report(line) : is_fatal_report(line);
  if (begins || ++since_report_ > kReportLines) report_.clear();
  if (begins) {
    since_report_ = 1;
    const auto before = static_cast<std::ptrdiff_t>(std::min(last_.size(), kLinesBeforeReport));
    before_report_.assign(last_.end() - before, last_.end());
  }
  if (begins || (!report_.empty() && report_.size() < kLines)) report_.push_back(kept);
  last_.push_back(kept);
  if (last_.size() > kLines) last_.pop_front();
}

std::string LastLines::text() const {
  std::string text;
  if (report_.empty()) {
    for (const std::string& line : last_) text += line + "\n";
    return text;
  }
  for (const std::string& line : before_report_) text += line + "\n";
  for (const std::string& line : report_) text += line + "\n";
  const std::size_t more = since_report_ - report_.size();
  const std::size_t shown = std::min({more, kLinesAfterReport, last_.size()});
  if (more > shown) text += "... " + std::to_string(more - shown) + " more lines\n";
  for (std::size_t i = last_.size() - shown; i < last_.size(); ++i) text += last_[i] + "\n";
  return text;
}

}  // namespace manta::detail::node
