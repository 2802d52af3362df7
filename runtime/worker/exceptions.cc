// In this order: how the types that Manta knows travel (built_in), the table of all types (ExceptionTypes), from an
// exception to a record (save_exception to record_current_exception), and from a record to an exception (throw_error).
#include "exceptions.h"

#include <algorithm>
#include <any>
#include <cstring>
#include <cxxabi.h>
#include <mutex>
#include <new>
#include <optional>
#include <unistd.h>
#include <variant>

#include "../code/code_id.h"
#include "../code/stack_text.h"
#include "../process/process.h"
#include "coded_exceptions.h"
#include "task_frame.h"

namespace manta::detail {
namespace {

std::vector<std::byte> bytes_of(std::string_view text) {
  const auto* from = reinterpret_cast<const std::byte*>(text.data());
  return {from, from + text.size()};
}
std::string text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

template <class E>
bool is_a(const std::exception& error) {
  return dynamic_cast<const E*>(&error) != nullptr;
}

std::string text_or_empty(const char* text) { return text != nullptr ? text : ""; }

// The text of the user's exception, without what TaskErrorOf adds to it.
std::string message_of(const std::exception& error) {
  const auto* task_error = dynamic_cast<const TaskError*>(&error);
  return task_error != nullptr ? task_error->message() : text_or_empty(error.what());
}

// For types that are made of a message.
template <class E>
ExceptionType with_message() {
  return {&typeid(E), is_a<E>,
          [](const std::exception& error) { return bytes_of(message_of(error)); },
          [](std::span<const std::byte> saved, TaskErrorInfo info) {
            throw TaskErrorOf<E>(E(text_of(saved)), std::move(info));
          }};
}

// For types that carry nothing.
template <class E>
ExceptionType empty() {
  return {&typeid(E), is_a<E>, [](const std::exception&) { return std::vector<std::byte>(); },
          [](std::span<const std::byte>, TaskErrorInfo info) {
            throw TaskErrorOf<E>(E(), std::move(info));
          }};
}

// Saved as text: the number of the signal, a zero byte, the stack, a zero byte, the message.
ExceptionType worker_crashed() {
  return {&typeid(WorkerCrashed), is_a<WorkerCrashed>,
          [](const std::exception& error) {
            const auto& crash = dynamic_cast<const WorkerCrashed&>(error);
            return bytes_of(std::to_string(crash.signal()) + '\0' + crash.stack() + '\0' +
                            message_of(error));
          },
          [](std::span<const std::byte> saved, TaskErrorInfo info) {
            const std::string text = text_of(saved);
            const auto stack = text.find('\0') + 1, message = text.find('\0', stack) + 1;
            throw TaskErrorOf<WorkerCrashed>(WorkerCrashed(text.substr(message), std::stoi(text),
                                                           text.substr(stack, message - stack - 1)),
                                             std::move(info));
          }};
}

std::vector<ExceptionType> built_in() {
  return {
      worker_crashed(),
      with_message<ActorRestarted>(),
      with_message<OwnerDied>(),
      with_message<WorkerStartFailed>(),
      with_message<ActorDied>(),
      with_message<ActorUnavailable>(),
      with_message<ObjectLost>(),
      with_message<NodeDied>(),
      with_message<HeadUnavailable>(),
      with_message<Cancelled>(),
      with_message<GetTimeout>(),
      with_message<DeadlineExceeded>(),
      with_message<DeadlockDetected>(),
      with_message<ObjectStoreFull>(),
      with_message<OutOfDisk>(),
      with_message<OutOfMemory>(),
      with_message<Unschedulable>(),
      with_message<PendingCallsLimit>(),
      with_message<SerializationError>(),
      with_message<ReadOnlyWrite>(),
      with_message<AuthenticationError>(),
      with_message<BuildMismatch>(),
      with_message<NotFound>(),
      with_message<AlreadyExists>(),
      with_message<InvalidArgument>(),
      with_message<RuntimeError>(),
      with_message<std::invalid_argument>(),
      with_message<std::domain_error>(),
      with_message<std::length_error>(),
      with_message<std::out_of_range>(),
      with_message<std::logic_error>(),
      with_message<std::range_error>(),
      with_message<std::overflow_error>(),
      with_message<std::underflow_error>(),
      with_message<std::runtime_error>(),
      empty<std::bad_array_new_length>(),
      empty<std::bad_alloc>(),
      empty<std::bad_any_cast>(),
      empty<std::bad_cast>(),
      empty<std::bad_typeid>(),
      empty<std::bad_optional_access>(),
      empty<std::bad_variant_access>(),
      empty<std::bad_function_call>(),
      empty<std::bad_weak_ptr>(),
      empty<std::bad_exception>(),
  };
}

constexpr int kFar = 1 << 20;

// How many steps of inheritance lead from a class to a base class (Itanium C++ ABI 2.9.5): 0 to itself.
int steps_to_base(const std::type_info& type, const std::type_info& base) {
  if (type == base) return 0;
  int steps = kFar;
  if (const auto* single = dynamic_cast<const abi::__si_class_type_info*>(&type)) {
    steps = steps_to_base(*single->__base_type, base);
  } else if (const auto* several = dynamic_cast<const abi::__vmi_class_type_info*>(&type)) {
    for (unsigned i = 0; i < several->__base_count; ++i) {
      steps = std::min(steps, steps_to_base(*several->__base_info[i].__base_type, base));
    }
  }
  return std::min(steps + 1, kFar);
}

// The name of the type as the user wrote it: std::throw_with_nested() throws a class that is derived from it.
std::string type_name_of(const std::type_info& type) {
  std::string name = demangled(type.name());
  constexpr std::string_view kNested = "std::_Nested_exception<";
  if (name.starts_with(kNested) && name.ends_with(">"))
    name = name.substr(kNested.size(), name.size() - kNested.size() - 1);
  return name;
}

class ExceptionTypes {
 public:
  void add(const ExceptionType& type) {
    const std::lock_guard lock(mutex_);
    const auto known = std::find_if(types_.begin(), types_.end(),
                                    [&](const auto& t) { return *t.type == *type.type; });
    if (known == types_.end()) types_.push_back(type);
  }
  // The type itself, else its nearest base.
  std::optional<ExceptionType> nearest(const std::exception& error) {
    const std::lock_guard lock(mutex_);
    const ExceptionType* nearest = nullptr;
    int shortest = 0;
    for (const auto& type : types_) {
      if (!type.matches(error)) continue;
      const int steps = steps_to_base(typeid(error), *type.type);
      if (nearest != nullptr && steps >= shortest) continue;
      nearest = &type;
      shortest = steps;
    }
    return nearest != nullptr ? std::optional(*nearest) : std::nullopt;
  }
  std::optional<ExceptionType> named(std::string_view name) {
    const std::lock_guard lock(mutex_);
    for (const auto& type : types_) {
      if (name == type.type->name()) return type;
    }
    return std::nullopt;
  }

 private:
  static std::vector<ExceptionType> all() {
    auto types = built_in();
    const auto coded = coded_exceptions();
    types.insert(types.end(), coded.begin(), coded.end());
    return types;
  }

  std::mutex mutex_;
  std::vector<ExceptionType> types_ = all();
};

ExceptionTypes& types() {
  static ExceptionTypes* all = new ExceptionTypes;  // outlives static destructors
  return *all;
}

// The payload of a task error: the mangled name of the known type, a zero byte, and what the type has saved.
std::vector<std::byte> save_exception(const std::exception& error) {
  const auto type = types().nearest(error);
  if (!type) return {};
  try {
    const auto saved = type->save(error);
    auto payload = bytes_of(type->type->name());
    payload.push_back(std::byte{0});
    payload.insert(payload.end(), saved.begin(), saved.end());
    return payload;
  } catch (...) {
    return {};  // it cannot be serialized: its type's name and its what() remain
  }
}

void raise_payload(std::span<const std::byte> payload, TaskErrorInfo info) {
  const auto end = std::find(payload.begin(), payload.end(), std::byte{0});
  if (end == payload.end()) return;
  const auto length = static_cast<std::size_t>(end - payload.begin());
  const auto type = types().named(text_of(payload.first(length)));
  if (!type) return;
  try {
    type->raise(payload.subspan(length + 1), std::move(info));
  } catch (const TaskError&) {
    throw;
  } catch (...) {
    return;  // it cannot be made again here
  }
}

std::shared_ptr<ErrorRecord> cause_of(const TaskError& error);

ErrorRecord of_task_error(const TaskError& error) {
  const TaskErrorInfo& info = error.info();
  ErrorRecord record;
  record.kind = ErrorKind::task_error;
  record.function = info.function;
  record.type = info.type_name;
  record.message = info.message;
  record.stack = info.stack;
  record.node = info.node;
  record.pid = info.pid;
  record.attempt = info.attempt;
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

void add_exception_type(const ExceptionType& type) { types().add(type); }

bool derives_from(const std::type_info& type, const std::type_info& base) {
  return steps_to_base(type, base) < kFar;
}

ErrorRecord record_current_exception(const NodeId& node) {
  const auto* type = abi::__cxa_current_exception_type();
  ErrorRecord record;
  record.kind = ErrorKind::task_error;
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

ErrorRecord simple_error(ErrorKind kind, std::string_view message) {
  ErrorRecord error;
  error.kind = kind;
  error.message = message;
  return error;
}

ErrorRecord call_error(const std::exception& error) {
  auto kind = ErrorKind::serialization_error;
  if (dynamic_cast<const BuildMismatch*>(&error) != nullptr) kind = ErrorKind::build_mismatch;
  if (dynamic_cast<const NotFound*>(&error) != nullptr) kind = ErrorKind::not_found;
  return simple_error(kind, text_or_empty(error.what()));
}

ErrorRecord exit_actor_error() {
  return simple_error(ErrorKind::actor_died,
                      "the actor has ended: this call ran manta::exit_actor()");
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
  info.path = error.path;
  if (error.cause) info.cause = exception_of(*error.cause);
  if (error.type == "manta::ReadOnlyWrite" && error.payload.empty()) {
    throw TaskErrorOf<ReadOnlyWrite>(ReadOnlyWrite(error.message), std::move(info));
  }
  raise_payload(error.payload, info);
  throw TaskErrorOf<RuntimeError>(RuntimeError(error.message), std::move(info));
}

}  // namespace

void throw_error(const ErrorRecord& error) {
  const std::string text =
      error.path.empty() ? error.message : error.message + "\n  on the way: " + error.path;
  switch (error.kind) {
    case ErrorKind::task_error:
      throw_task_error(error);
    case ErrorKind::worker_crashed:
      throw WorkerCrashed(text, error.signal, error.stack);
    case ErrorKind::worker_start_failed:
      throw WorkerStartFailed(text);
    case ErrorKind::actor_died:
      throw ActorDied(text);
    case ErrorKind::actor_unavailable:
      throw ActorUnavailable(text);
    case ErrorKind::actor_restarted:
      throw ActorRestarted(text);
    case ErrorKind::object_lost:
      throw ObjectLost(text);
    case ErrorKind::owner_died:
      throw OwnerDied(text);
    case ErrorKind::node_died:
      throw NodeDied(text);
    case ErrorKind::cancelled:
      throw Cancelled(text);
    case ErrorKind::object_store_full:
      throw ObjectStoreFull(text);
    case ErrorKind::out_of_memory:
      throw OutOfMemory(text);
    case ErrorKind::unschedulable:
      throw Unschedulable(text);
    case ErrorKind::pending_calls_limit:
      throw PendingCallsLimit(text);
    case ErrorKind::serialization_error:
      throw SerializationError(text);
    case ErrorKind::read_only_write:
      throw ReadOnlyWrite(text);
    case ErrorKind::invalid_argument:
      throw InvalidArgument(text);
    case ErrorKind::build_mismatch:
      throw BuildMismatch(text);
    case ErrorKind::not_found:
      throw NotFound(text);
    case ErrorKind::runtime_error:
      break;
  }
  throw RuntimeError(text);
}

}  // namespace manta::detail
