#include "crash_notice.h"

#include <functional>
#include <string>

#include "../code/code_id.h"
#include "../ownership/notices.h"
#include "run_times.h"

namespace manta::detail {
namespace {

constexpr std::size_t kMostText = 2048;
constexpr std::size_t kMostName = 256;

// The innermost frame of a stack, one line without its indentation.
std::string first_frame(const std::string& stack) {
  const auto begin = stack.find_first_not_of(" \n");
  if (begin == std::string::npos) return {};
  return stack.substr(begin, stack.find('\n', begin) - begin);
}

std::string text_of(const Call& call, const DeathReport& death, const std::string& function,
                    const std::filesystem::path& session) {
  const int retries = call.site().options().max_retries;
  const int attempts = retries < 0 ? 0 : retries + 1;
  std::string text =
      "manta: " + one_line(crash_text(death, function, call.attempt, attempts), kMostText) +
      "; it is tried again";
  if (const auto frame = first_frame(death.stack); !frame.empty()) {
    text += "; it crashed in " + one_line(frame, kMostText);
  }
  const auto log = session / ("worker-" + std::to_string(death.pid) + ".log");
  return text + "; output" + (death.stack.empty() ? "" : " and stack") + ": " + log.string() +
         " (kept with MANTA_KEEP_LOGS=1; the error of the last attempt has its own)";
}

}  // namespace

void give_crash_notice(const Call& call, const DeathReport& death,
                       const std::filesystem::path& session) {
  const std::string function = one_line(call.display_name(), kMostName);
  const CallFrame& code = call.site().frame();
  const bool by_name = CodeId{code.stub_image, code.stub_offset} == kCalledByName;
  give_notice({.kind = Notice::Kind::kCrash,
               .cause = by_name ? std::hash<std::string>()(function) : RunTimes::code_key(call),
               .subject = function,
               .text = text_of(call, death, function, session)});
}

}  // namespace manta::detail
