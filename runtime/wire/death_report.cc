#include "death_report.h"

#include "exit_status.h"
#include "payload.h"

namespace manta::detail {
namespace {

std::string how_it_ended(const DeathReport& death) {
  if (death.signal != 0) return "was killed by " + signal_text(death.signal) + death.detail;
  if (!death.detail.empty()) return "ended itself: " + death.detail;
  return "exited with code " + std::to_string(death.exit_code);
}

std::string line_with(const std::string& text, std::string_view words) {
  const auto at = text.rfind(words);
  if (at == std::string::npos) return {};
  return text.substr(at, text.find('\n', at) - at);
}

std::string read_only_line(const DeathReport& death) {
  if (death.exit_code != kReadOnlyWriteExit || death.signal != 0) return {};
  return line_with(death.output, "assignment destination is read-only");
}

}  // namespace

std::vector<std::byte> encode(const DeathReport& death) { return pack(death); }

std::optional<DeathReport> decode_death(std::span<const std::byte> bytes) {
  return unpack<DeathReport>(bytes);
}

std::string describe(const DeathReport& death) {
  return how_it_ended(death) + " (pid " + std::to_string(death.pid) + ")";
}

std::string full_text(const DeathReport& death) {
  std::string text = "process " + std::to_string(death.pid) + " " + how_it_ended(death);
  if (!death.stack.empty()) text += "; stack:\n" + death.stack;
  if (!death.output.empty()) text += "; its last output:\n" + death.output;
  return text;
}

bool wrote_to_read_only(const DeathReport& death) { return !read_only_line(death).empty(); }

std::string crash_text(const DeathReport& death, const std::string& function, int attempt,
                       int attempts) {
  return "the worker process that ran " + function + " " + describe(death) + " in attempt " +
         std::to_string(attempt) +
         (attempts > 0 ? " of " + std::to_string(attempts) : std::string());
}

ErrorRecord crash_error(const DeathReport& death, const std::string& function, int attempt,
                        int attempts, const NodeId& node, std::string_view remark) {
  ErrorRecord error;
  error.node = node;
  error.function = function;
  error.attempt = attempt;
  error.pid = death.pid;
  error.signal = death.signal;
  error.stack = death.stack;
  if (auto line = read_only_line(death); !line.empty()) {
    error.kind = ErrorKind::kTaskError;
    error.type = "manta::ReadOnlyWrite";
    error.message = std::move(line);
    return error;
  }
  error.kind = death.out_of_memory ? ErrorKind::kOutOfMemory : ErrorKind::kWorkerCrashed;
  error.message = crash_text(death, function, attempt, attempts);
  if (!remark.empty()) error.message.append("; ").append(remark);
  if (!death.stack.empty()) error.message += "; stack of the crash:\n" + death.stack;
  if (!death.output.empty()) error.message += "\nits last lines of output:\n" + death.output;
  return error;
}

}  // namespace manta::detail
