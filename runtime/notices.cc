#include <algorithm>
#include <bit>
#include <cstdio>
#include <cstring>

#include <manta/runtime/notices.h>
#include <manta/runtime/process.h>

namespace manta::detail {
namespace {

struct NoticeHead {
  std::uint64_t cause = 0;
  Notice::Kind kind = {};
  std::uint32_t passed_on = 0;
  std::uint32_t subject_size = 0;
  std::uint32_t text_size = 0;
};

void print_to_stderr(const std::string& line) {
  const std::string text = line + "\n";
  std::fwrite(text.data(), 1, text.size(), stderr);
  std::fflush(stderr);
}

bool is_continuation(char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; }  // of UTF-8

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

std::vector<std::byte> encode(const Notice& notice) {
  const NoticeHead head{.cause = notice.cause,
                        .kind = notice.kind,
                        .passed_on = notice.passed_on ? 1U : 0U,
                        .subject_size = static_cast<std::uint32_t>(notice.subject.size()),
                        .text_size = static_cast<std::uint32_t>(notice.text.size())};
  std::vector<std::byte> bytes(sizeof head + notice.subject.size() + notice.text.size());
  std::memcpy(bytes.data(), &head, sizeof head);
  std::memcpy(bytes.data() + sizeof head, notice.subject.data(), notice.subject.size());
  std::memcpy(bytes.data() + sizeof head + notice.subject.size(), notice.text.data(),
              notice.text.size());
  return bytes;
}

std::optional<Notice> decode_notice(std::span<const std::byte> bytes) {
  NoticeHead head;
  if (bytes.size() < sizeof head) return std::nullopt;
  std::memcpy(&head, bytes.data(), sizeof head);
  bytes = bytes.subspan(sizeof head);
  if (std::size_t{head.subject_size} + head.text_size != bytes.size() ||
      head.kind > Notice::Kind::crash)
    return std::nullopt;
  const char* const text = reinterpret_cast<const char*>(bytes.data());
  return Notice{.kind = head.kind,
                .cause = head.cause,
                .passed_on = head.passed_on != 0,
                .subject = std::string(text, head.subject_size),
                .text = std::string(text + head.subject_size, head.text_size)};
}

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
  if (notice.kind == Notice::Kind::crash) {
    add_crash(notice);
  } else {
    add_error(notice);
  }
}

void Notices::add_error(const Notice& error) {
  if (error.passed_on) {
    const auto known = std::find_if(causes_.begin(), causes_.end(),
                                    [&](const auto& cause) { return cause.first == error.cause; });
    if (known != causes_.end()) {
      ++known->second.count;
      return;
    }
  }
  if (causes_.size() == kMostCauses) {
    ++more_errors_;
    return;
  }
  causes_.emplace_back(error.cause, Count{.subject = error.subject});
  print_(error.text);
}

void Notices::add_crash(const Notice& crash) {
  const auto known = codes_.find(crash.cause);
  if (known == codes_.end()) {
    if (codes_.size() == kMostCodes) {
      ++more_crashes_;
      return;
    }
    codes_[crash.cause] = {.subject = crash.subject, .count = 1, .told = 1};
    return print_(crash.text);
  }
  Count& code = known->second;
  if (!std::has_single_bit(++code.count)) return;
  code.told = code.count;
  print_("manta: " + std::to_string(code.count) + " crashes of " + code.subject +
         " so far, and it was tried again");
}

void Notices::end() {
  const std::lock_guard lock(mutex_);
  for (const auto& [cause, error] : causes_) {
    if (error.count == 0) continue;
    print_("manta: nobody looked at " +
           times(error.count, "more error that has", "more errors that have") +
           " the same cause, the one of " + error.subject);
  }
  if (more_errors_ > 0)
    print_("manta: nobody looked at " + times(more_errors_, "more error", "more errors"));
  for (const auto& [cause, code] : codes_) {
    if (code.count == code.told) continue;
    print_("manta: " + std::to_string(code.count) + " crashes of " + code.subject +
           " in all, and it was tried again");
  }
  if (more_crashes_ > 0)
    print_("manta: " + times(more_crashes_, "more crash", "more crashes") +
           " of other functions, which were tried again");
  causes_.clear();
  codes_.clear();
  more_errors_ = more_crashes_ = 0;
}

Notices& driver_notices() {
  static auto* const all = new Notices(print_to_stderr);  // refs are dropped in static destructors
  return *all;
}

void give_notice(const Notice& notice) {
  if (!has_role()) return driver_notices().add(notice);
  if (const auto process = Process::current_or_null())
    process->node().send({.kind = NodeMessage::notice}, encode(notice));
}

}  // namespace manta::detail
