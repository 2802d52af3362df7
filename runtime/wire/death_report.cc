#include "death_report.h"

#include <cstring>

#include "../../base/check.h"
#include "exit_status.h"
#include "node_messages.h"

namespace manta::detail {

DeathReport parse_death(std::span<const std::byte> payload) {
  ProcessDeath wire;
  base::check(payload.size() >= sizeof wire, "a death report is cut off");
  std::memcpy(&wire, payload.data(), sizeof wire);
  payload = payload.subspan(sizeof wire);
  base::check(std::size_t{wire.detail_size} + wire.stack_size + wire.output_size <= payload.size(),
              "a death report is cut off");
  const char* text = reinterpret_cast<const char*>(payload.data());
  DeathReport death;
  death.pid = wire.pid;
  death.signal = wire.signal;
  death.exit_code = wire.exit_code;
  death.expected = wire.expected != 0;
  death.detail.assign(text, wire.detail_size);
  death.stack.assign(text + wire.detail_size, wire.stack_size);
  death.output.assign(text + wire.detail_size + wire.stack_size, wire.output_size);
  return death;
}

std::string describe(const DeathReport& death) {
  const std::string process = " (pid " + std::to_string(death.pid) + ")";
  if (death.signal != 0) {
    return "was killed by " + signal_text(death.signal) + death.detail + process;
  }
  return "exited with code " + std::to_string(death.exit_code) + process;
}

namespace {

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

bool wrote_to_read_only(const DeathReport& death) { return !read_only_line(death).empty(); }

std::string crash_text(const DeathReport& death, const std::string& function, int attempt,
                       int attempts) {
  return "the worker process that ran " + function + " " + describe(death) + " in attempt " +
         std::to_string(attempt) +
         (attempts > 0 ? " of " + std::to_string(attempts) : std::string());
}

ErrorRecord crash_error(const DeathReport& death, const std::string& function, int attempt,
                        int attempts, const NodeId& node) {
  ErrorRecord error;
  error.node = node;
  error.function = function;
  error.attempt = attempt;
  error.pid = death.pid;
  error.signal = death.signal;
  error.stack = death.stack;
  if (auto line = read_only_line(death); !line.empty()) {
    error.kind = ErrorKind::task_error;
    error.type = "manta::ReadOnlyWrite";
    error.message = std::move(line);
    return error;
  }
  error.kind = ErrorKind::worker_crashed;
  error.message = crash_text(death, function, attempt, attempts);
  if (!death.stack.empty()) error.message += "; stack of the crash:\n" + death.stack;
  if (!death.output.empty()) error.message += "\nits last lines of output:\n" + death.output;
  return error;
}

}  // namespace manta::detail
