#include "unseen_errors.h"

#include <algorithm>
#include <cctype>
#include <functional>
#include <string_view>
#include <unistd.h>

#include "../launch/entry.h"
#include "error_values.h"
#include "open_session.h"

namespace manta::detail {
namespace {

constexpr std::size_t kMostText = 2048;
constexpr std::size_t kMostName = 256;

// The first line of a text of Manta (without stack and output), less its words that hold a digit: processes, objects,
// addresses and attempts, which differ each time that the same thing goes wrong.
std::string without_numbers(std::string_view text) {
  text = text.substr(0, text.find('\n'));
  const auto is_word = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0; };
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  std::string rest;
  for (auto at = text.begin(); at != text.end();) {
    const auto end = std::find_if_not(at, text.end(), is_word);
    if (std::none_of(at, end, is_digit)) rest.append(at, end);
    at = end;
    if (at != text.end()) rest += *at++;
  }
  return rest;
}

// The same for all errors of one cause, and for what they cause, in all processes of the program: the function and what
// is wrong, in whichever worker and attempt.
std::uint64_t cause_of(const ErrorRecord& error) {
  const bool of_user = error.kind == ErrorKind::kTaskError;
  const std::string all = error.function + '\0' + error.type + '\0' +
                          (of_user ? error.message : without_numbers(error.message)) + '\0' +
                          std::to_string(static_cast<unsigned>(error.kind));
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
          .subject = function,
          .text = std::move(text)};
}

}  // namespace

void log_unseen_error(const ObjectEntry& entry) {
  if (entry.session == 0 || entry.session != OpenSession::current_number()) return;
  entry.mark_seen();
  try {
    const ErrorRecord error = record_of(entry.value());
    if (error.kind == ErrorKind::kCancelled) return;  // somebody wanted it so
    give_notice(notice_of(error, entry));
  } catch (const std::exception& broken) {
    give_notice({.text = std::string("manta: nobody looked at an error, which cannot be read: ") +
                         one_line(broken.what(), kMostText)});
  }
}

}  // namespace manta::detail
