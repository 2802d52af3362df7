// In this order: from an exception to a record (of_task_error to record_current_exception), errors of Manta's own, and
// from a record to an exception (throw_error).
#include "exceptions.h"

#include <cxxabi.h>
#include <unistd.h>

#include "../code/code_id.h"
#include "../code/stack_text.h"
#include "../wire/error_path.h"
#include "task_frame.h"
#include "throw_stack.h"

namespace manta::detail {
namespace {

std::string text_or_empty(const char* text) { return text != nullptr ? text : ""; }

// The name of the type as the user wrote it: std::throw_with_nested() throws a class that is derived from it.
std::string type_name_of(const std::type_info& type) {
  std::string name = demangled(type.name());
  constexpr std::string_view kNested = "std::_Nested_exception<";
  if (name.starts_with(kNested) && name.ends_with(">")) {
    name = name.substr(kNested.size(), name.size() - kNested.size() - 1);
  }
  return name;
}

std::shared_ptr<ErrorRecord> cause_of(const TaskError& error);

ErrorRecord of_task_error(const TaskError& error) {
  const TaskErrorInfo& info = error.info();
  ErrorRecord record;
  record.kind = ErrorKind::kTaskError;
  record.function = info.function;
  record.type = info.type_name;
  record.message = info.message;
  record.stack = info.stack;
  record.node = info.node;
  record.pid = info.pid;
  record.attempt = info.attempt;
  record.attempts = info.attempts;
  record.path = info.path;
  record.cause = cause_of(error);
  const auto* base = dynamic_cast<const std::exception*>(&error);
  if (base != nullptr) record.payload = save_exception(*base);
  return record;
}

// The cause of an error that another task has thrown, as it came from there.
std::shared_ptr<ErrorRecord> cause_of(const TaskError& error) {
  if (error.cause() == nullptr) return nullptr;
  try {
    std::rethrow_exception(error.cause());
  } catch (const TaskError& cause) {
    return std::make_shared<ErrorRecord>(of_task_error(cause));
  } catch (...) {
    return std::make_shared<ErrorRecord>(record_current_exception(error.node()));
  }
}

std::shared_ptr<ErrorRecord> nested_in(const std::exception& error, const NodeId& node) {
  try {
    std::rethrow_if_nested(error);
  } catch (...) {
    return std::make_shared<ErrorRecord>(record_current_exception(node));
  }
  return nullptr;
}

std::string describe_foreign() {
  const auto* type = abi::__cxa_current_exception_type();
  const std::string name = type != nullptr ? demangled(type->name()) : "unknown";
  try {
    throw;
  } catch (int value) {
    return "throw " + std::to_string(value) + " (an " + name + ", which is no std::exception)";
  } catch (const char* text) {
    return "\"" + text_or_empty(text) + "\" (a " + name + ", which is no std::exception)";
  } catch (const std::string& text) {
    return "\"" + text + "\" (a std::string, which is no std::exception)";
  } catch (...) {
    return "an exception of type " + name + ", which is no std::exception";
  }
}

}  // namespace

ErrorRecord record_current_exception(const NodeId& node) {
  const auto* type = abi::__cxa_current_exception_type();
  ErrorRecord record;
  record.kind = ErrorKind::kTaskError;
  record.node = node;
  record.pid = ::getpid();
  record.stack = last_throw_stack();
  record.type = type != nullptr ? type_name_of(*type) : "unknown";
  if (const auto* frame = TaskFrame::current()) {
    record.function = frame->name;
    record.attempt = frame->attempt;
  }
  try {
    throw;
  } catch (const TaskError&
               error) {  // a get() inside the task: the first cause, with one more step of its path
    auto first = of_task_error(error);
    pass_on(first, record.function);
    return first;
  } catch (const std::exception& error) {
    record.message = text_or_empty(error.what());
    record.payload = save_exception(error);
    record.cause = nested_in(error, node);
  } catch (...) {
    record.message = describe_foreign();
  }
  return record;
}

ErrorRecord call_error(const std::exception& error) {
  auto kind = ErrorKind::kSerializationError;
  if (dynamic_cast<const BuildMismatch*>(&error) != nullptr) kind = ErrorKind::kBuildMismatch;
  if (dynamic_cast<const NotFound*>(&error) != nullptr) kind = ErrorKind::kNotFound;
  return error_of(kind, text_or_empty(error.what()));
}

ErrorRecord exit_actor_error() {
  return error_of(ErrorKind::kActorDied, "the actor has ended: this call ran manta::exit_actor()");
}

std::exception_ptr exception_of(const ErrorRecord& error) {
  try {
    throw_error(error);
  } catch (...) {
    return std::current_exception();
  }
}

namespace {

[[noreturn]] void throw_task_error(const ErrorRecord& error) {
  TaskErrorInfo info;
  info.function = error.function;
  info.type_name = error.type;
  info.message = error.message;
  info.stack = readable_stack(error.stack);
  info.node = error.node;
  info.pid = error.pid;
  info.attempt = error.attempt;
  info.attempts = error.attempts;
  info.path = error.path;
  if (error.cause) info.cause = exception_of(*error.cause);
  if (error.type == "manta::ReadOnlyWrite" && error.payload.empty()) {
    throw TaskErrorOf<ReadOnlyWrite>(ReadOnlyWrite(error.message), std::move(info));
  }
  throw_saved(error.payload, info);
  throw TaskErrorOf<RuntimeError>(RuntimeError(error.message), std::move(info));
}

}  // namespace

void throw_error(const ErrorRecord& error) {
  const std::string text =
      error.path.empty() ? error.message : error.message + "\n  on the way: " + error.path;
  if (error.kind == ErrorKind::kTaskError) throw_task_error(error);
  if (error.kind == ErrorKind::kWorkerCrashed) throw WorkerCrashed(text, error.signal, error.stack);
  throw_kind(error.kind, text);
  throw RuntimeError(text);
}

}  // namespace manta::detail
