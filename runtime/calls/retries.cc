#include "retries.h"

#include <cstdint>
#include <functional>
#include <string>

#include "../ownership/error_values.h"
#include "crash_notice.h"

namespace manta::detail {
namespace {

bool has_attempts_left(const Call& call) {
  const int allowed = call.site().options().max_retries;
  return allowed < 0 || call.attempt <= allowed;
}

// 0: for ever.
int attempts_of(const Call& call) {
  const int allowed = call.site().options().max_retries;
  return allowed < 0 ? 0 : allowed + 1;
}

void count_attempt(Call& call) {
  if (call.attempt != UINT16_MAX) ++call.attempt;
  if (ItemStream* const items = call.items()) items->begin_again();
}

// 0: it left no stack, so nobody knows whether another one is the same.
std::uint64_t fingerprint_of(const DeathReport& death) {
  if (death.stack.empty()) return 0;
  return std::hash<std::string>()(std::to_string(death.signal) + '\n' + death.stack) | 1;
}

// Whether the attempt before this one crashed in the same way; notes this crash for the next.
bool is_the_same_again(Call& call, const DeathReport& death) {
  const std::uint64_t crash = fingerprint_of(death);
  const auto* const extras = call.extras_or_null();
  const bool same = crash != 0 && extras != nullptr && extras->last_crash == crash;
  if (crash != 0 || extras != nullptr) call.extras().last_crash = crash;
  return same;
}

}  // namespace

std::optional<Value> error_after_crash(Call& call, const DeathReport& death,
                                       const Attachment& attachment) {
  std::string remark;
  if (is_the_same_again(call, death)) {
    remark = "deterministic crash: attempt " + std::to_string(call.attempt - 1) +
             " crashed with the same stack, so it is not tried again";
  }
  const ErrorRecord error = crash_error(death, call.display_name(), call.attempt, attempts_of(call),
                                        attachment.node, remark);
  const bool again =
      error.kind != ErrorKind::kTaskError && remark.empty() && has_attempts_left(call);
  if (!again) return value_of(error);
  give_crash_notice(call, death, attachment.directory);
  count_attempt(call);
  return std::nullopt;
}

bool is_tried_again(Call& call, std::vector<Value>& results) {
  if (!call.site().options().retry_exceptions || call.cancelled) return false;
  if (results.empty() || !results.front().is_error()) return false;
  ErrorRecord error = record_of(results.front());
  if (error.kind != ErrorKind::kTaskError) return false;  // not the task's code has failed
  if (has_attempts_left(call)) {
    count_attempt(call);
    return true;
  }
  error.attempts = attempts_of(call);
  for (Value& result : results) result = value_of(error);
  return false;
}

}  // namespace manta::detail
