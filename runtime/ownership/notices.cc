// How a line is written; then how notices of each kind are added, of which only the first are shown, and what end()
// says of the others.
#include "notices.h"

#include <algorithm>
#include <bit>
#include <cstdio>

#include "../launch/entry.h"
#include "open_session.h"

namespace manta::detail {
namespace {

// In one write, so that what others print does not come in between.
void print_to_stderr(const std::string& line) {
  const std::string text = line + "\n";
  std::fwrite(text.data(), 1, text.size(), stderr);
  std::fflush(stderr);
}

bool is_continuation(char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; }  // of UTF-8

// Control characters would move a terminal's cursor, or make two lines of one.
void append_escaped(std::string& line, char c) {
  const auto code = static_cast<unsigned char>(c);
  char hex[8];
  if (c == '\n') {
    line += "\\n";
  } else if (c == '\t') {
    line += "\\t";
  } else if (c == '\r') {
    line += "\\r";
  } else if (code < 0x20 || code == 0x7f) {
    std::snprintf(hex, sizeof hex, "\\x%02x", code);
    line += hex;
  } else {
    line += c;
  }
}

std::string times(std::uint64_t count, std::string_view one, std::string_view several) {
  return std::to_string(count) + " " + std::string(count == 1 ? one : several);
}

}  // namespace

// A cut falls between characters of UTF-8, and says how much is missing.
std::string one_line(std::string_view text, std::size_t most) {
  std::size_t end = std::min(text.size(), most);
  while (end < text.size() && end > 0 && is_continuation(text[end])) --end;
  std::string line;
  for (const char c : text.substr(0, end)) append_escaped(line, c);
  if (end < text.size()) line += " ... (cut: " + std::to_string(text.size()) + " bytes in all)";
  return line;
}

void Notices::add(const Notice& notice) {
  const std::lock_guard lock(mutex_);
  switch (notice.kind) {
    case Notice::Kind::kUnseenError:
      return add_error(notice);
    case Notice::Kind::kCrash:
      return add_crash(notice);
    case Notice::Kind::kMissedResult:
      return add_missed(notice);
  }
}

// The first error of a cause has its line; those after it are counted under it, of kMostCauses causes. What has no text
// stands for several causes (node/held_notices.h), and is counted only.
void Notices::add_error(const Notice& error) {
  if (error.text.empty()) {
    more_errors_ += error.count;
    return;
  }
  const auto known = std::ranges::find(causes_, error.cause, [](const auto& c) { return c.first; });
  if (known != causes_.end()) {
    known->second.count += error.count;
    return;
  }
  if (causes_.size() == kMostCauses) {
    more_errors_ += error.count;
    return;
  }
  causes_.emplace_back(error.cause, Count{.subject = error.subject, .count = error.count - 1});
  print_(error.text);
}

// The first crash of a piece of code has its line; from then on one line each time the count has one binary digit more:
// at 2, 4, 8, ... So a program that crashes all the time says so in few lines.
void Notices::add_crash(const Notice& crash) {
  const bool known = codes_.contains(crash.cause);
  if (crash.text.empty() || (!known && codes_.size() == kMostCodes)) {
    more_crashes_ += crash.count;
    return;
  }
  Count& code = codes_[crash.cause];
  if (!known) {
    code = {.subject = crash.subject, .count = 1, .told = 1};
    print_(crash.text);
  }
  const std::uint64_t before = code.count;
  code.count += known ? crash.count : crash.count - 1;
  if (std::bit_width(code.count) == std::bit_width(before)) return;  // not doubled
  code.told = code.count;
  print_("manta: " + std::to_string(code.count) + " crashes of " + code.subject +
         " so far, and it was tried again");
}

// One line for each piece of code, and none for its repetitions: they are counted together with all others.
void Notices::add_missed(const Notice& missed) {
  const bool known = missed_.contains(missed.cause);
  if (missed.text.empty() || known || missed_.size() == kMostCodes) {
    more_missed_ += missed.count;
    return;
  }
  missed_.insert(missed.cause);
  more_missed_ += missed.count - 1;
  print_(missed.text);
}

// What was counted and not told, in the order of kinds; then all is forgotten, since the next session of this process
// begins anew.
void Notices::end() {
  const std::lock_guard lock(mutex_);
  for (const auto& [cause, error] : causes_) {
    if (error.count == 0) continue;
    print_("manta: nobody looked at " +
           times(error.count, "more error that has", "more errors that have") +
           " the same cause, the one of " + error.subject);
  }
  if (more_errors_ > 0) {
    print_("manta: nobody looked at " + times(more_errors_, "more error", "more errors"));
  }
  for (const auto& [cause, code] : codes_) {
    if (code.count == code.told) continue;
    print_("manta: " + std::to_string(code.count) + " crashes of " + code.subject +
           " in all, and it was tried again");
  }
  if (more_crashes_ > 0) {
    print_("manta: " + times(more_crashes_, "more crash", "more crashes") +
           " of other functions, which were tried again");
  }
  if (more_missed_ > 0) {
    print_("manta: " + times(more_missed_, "more call", "more calls") +
           " ran for long when all refs to the result were dropped");
  }
  causes_.clear();
  codes_.clear();
  missed_.clear();
  more_errors_ = more_crashes_ = more_missed_ = 0;
}

Notices& driver_notices() {
  static auto* const all = new Notices(print_to_stderr);  // refs are dropped in static destructors
  return *all;
}

// Workers have a session for as long as they live; what comes after its end is nobody's.
void give_notice(const Notice& notice) {
  if (!has_role()) return driver_notices().add(notice);
  if (const auto session = OpenSession::current_or_null()) session->pass_on_notice(encode(notice));
}

}  // namespace manta::detail
