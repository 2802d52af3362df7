#include "error.h"

namespace manta {
namespace {

// An error in the words that a message about its consequence quotes, with its own causes.
std::string text_of(const std::exception_ptr& cause) {
  try {
    std::rethrow_exception(cause);
  } catch (const TaskError& error) {
    const std::string deeper =
        error.cause() == nullptr ? "" : "\n  caused by: " + text_of(error.cause());
    return error.type_name() + ": " + error.message() + deeper;
  } catch (const std::exception& error) {
    return error.what();
  } catch (...) {
    return "an exception that is no std::exception";
  }
}

// What() of a TaskError: the message first, then where it came from, the stack last because it is long.
std::string describe(const TaskErrorInfo& info) {
  std::string text = info.type_name + ": " + info.message + "\n  thrown in " + info.function +
                     " (attempt " + std::to_string(info.attempt) +
                     (info.attempts > 0 ? " of " + std::to_string(info.attempts) : "") + ", pid " +
                     std::to_string(info.pid);
  if (!info.node.is_nil()) {
    text += ", node " + info.node.hex();
  }
  text += ")";
  if (info.cause != nullptr) {
    text += "\n  caused by: " + text_of(info.cause);
  }
  if (!info.path.empty()) {
    text += "\n  on the way: " + info.path;
  }
  if (!info.stack.empty()) {
    text += "\n" + info.stack;
  }
  return text;
}

}  // namespace

Error::~Error() = default;

TaskError::TaskError(TaskErrorInfo info) {
  std::string text = describe(info);
  details_ = std::make_shared<const Details>(Details{std::move(info), std::move(text)});
}

const char* RuntimeError::what() const noexcept { return std::runtime_error::what(); }

WorkerCrashed::WorkerCrashed(const std::string& what, int signal, std::string stack)
    : RuntimeError(what),
      signal_(signal),
      stack_(std::make_shared<const std::string>(std::move(stack))) {}

}  // namespace manta
