#include "unseen_errors.h"

#include <functional>
#include <unistd.h>

#include "../launch/entry.h"
#include "error_values.h"
#include "open_session.h"

namespace manta::detail {
namespace {

constexpr std::size_t kMostText = 2048;
constexpr std::size_t kMostName = 256;

// The same for an error and what it caused, in all processes of the program.
std::uint64_t cause_of(const ErrorRecord& error) {
  const std::string all = error.function + '\0' + error.type + '\0' + error.message + '\0' +
                          std::to_string(static_cast<unsigned>(error.kind)) + ' ' +
                          std::to_string(error.pid) + ' ' + std::to_string(error.attempt);
  return std::hash<std::string>()(all);
}

Notice notice_of(const ErrorRecord& error, const ObjectEntry& entry) {
  const std::string function =
      error.function.empty() ? "a call" : one_line(error.function, kMostName);
  std::string text =
      "manta: nobody looked at the error of " + function + " (object " + entry.id().hex();
  if (has_role()) text += ", in worker " + std::to_string(::getpid());
  text += "): " + one_line(error.message, kMostText);
  if (!error.path.empty()) text += "; on the way: " + one_line(error.path, kMostText);
  return {.kind = Notice::Kind::kUnseenError,
          .cause = cause_of(error),
          .passed_on = !error.path.empty(),
          .subject = function,
          .text = std::move(text)};
}

}  // namespace

void log_unseen_error(const ObjectEntry& entry) {
  if (entry.session == 0 || entry.session != OpenSession::current_number()) return;
  entry.mark_seen();
  try {
    give_notice(notice_of(record_of(entry.value()), entry));
  } catch (const std::exception& broken) {
    give_notice({.text = std::string("manta: nobody looked at an error, which cannot be read: ") +
                         one_line(broken.what(), kMostText)});
  }
}

}  // namespace manta::detail
