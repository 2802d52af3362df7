// In this order: how the types that Manta knows travel (built_in), how near a type is to another, the table of all
// types (ExceptionTypes), and what of an exception travels (save_exception, throw_saved).
#include "exception_types.h"

#include <algorithm>
#include <any>
#include <cxxabi.h>
#include <functional>
#include <mutex>
#include <new>
#include <optional>
#include <variant>

#include "../wire/payload.h"
#include "coded_exceptions.h"

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
[[noreturn]] void throw_as(const std::string& message) {
  throw E(message);
}
template <class E>
ExceptionType with_message(ErrorKind kind = ErrorKind::kTaskError) {
  return {&typeid(E),
          is_a<E>,
          [](const std::exception& error) { return bytes_of(message_of(error)); },
          [](std::span<const std::byte> saved, TaskErrorInfo info) {
            throw TaskErrorOf<E>(E(text_of(saved)), std::move(info));
          },
          kind,
          throw_as<E>};
}

// For types that carry nothing.
template <class E>
ExceptionType empty() {
  return {&typeid(E), is_a<E>, [](const std::exception&) { return std::vector<std::byte>(); },
          [](std::span<const std::byte>, TaskErrorInfo info) {
            throw TaskErrorOf<E>(E(), std::move(info));
          }};
}

struct SavedCrash {
  std::int32_t signal = 0;
  std::string stack = {};
  std::string message = {};
};

ExceptionType worker_crashed() {
  return {&typeid(WorkerCrashed), is_a<WorkerCrashed>,
          [](const std::exception& error) {
            const auto& crash = dynamic_cast<const WorkerCrashed&>(error);
            return pack(SavedCrash{
                .signal = crash.signal(), .stack = crash.stack(), .message = message_of(error)});
          },
          [](std::span<const std::byte> saved, TaskErrorInfo info) {
            const auto crash = unpack<SavedCrash>(saved);
            if (!crash) return;
            throw TaskErrorOf<WorkerCrashed>(
                WorkerCrashed(crash->message, crash->signal, crash->stack), std::move(info));
          }};
}

std::vector<ExceptionType> built_in() {
  return {
      worker_crashed(),
      with_message<ActorRestarted>(ErrorKind::kActorRestarted),
      with_message<OwnerDied>(ErrorKind::kOwnerDied),
      with_message<WorkerStartFailed>(ErrorKind::kWorkerStartFailed),
      with_message<ActorDied>(ErrorKind::kActorDied),
      with_message<ActorUnavailable>(ErrorKind::kActorUnavailable),
      with_message<ObjectLost>(ErrorKind::kObjectLost),
      with_message<NodeDied>(ErrorKind::kNodeDied),
      with_message<HeadUnavailable>(),
      with_message<Cancelled>(ErrorKind::kCancelled),
      with_message<GetTimeout>(),
      with_message<DeadlineExceeded>(ErrorKind::kDeadlineExceeded),
      with_message<DeadlockDetected>(),
      with_message<ObjectStoreFull>(ErrorKind::kObjectStoreFull),
      with_message<OutOfDisk>(ErrorKind::kOutOfDisk),
      with_message<OutOfMemory>(ErrorKind::kOutOfMemory),
      with_message<Unschedulable>(ErrorKind::kUnschedulable),
      with_message<PendingCallsLimit>(ErrorKind::kPendingCallsLimit),
      with_message<SerializationError>(ErrorKind::kSerializationError),
      with_message<ReadOnlyWrite>(ErrorKind::kReadOnlyWrite),
      with_message<AuthenticationError>(),
      with_message<BuildMismatch>(ErrorKind::kBuildMismatch),
      with_message<NotFound>(ErrorKind::kNotFound),
      with_message<AlreadyExists>(),
      with_message<InvalidArgument>(ErrorKind::kInvalidArgument),
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

  // Throws the exception that errors of this kind are; returns if they are of no type of their own.
  void throw_kind(ErrorKind kind, const std::string& message) {
    void (*raise)(const std::string&) = nullptr;
    {
      const std::lock_guard lock(mutex_);
      const auto known = std::find_if(types_.begin(), types_.end(),
                                      [&](const auto& type) { return type.kind == kind; });
      if (known != types_.end()) raise = known->throw_it;
    }
    if (raise != nullptr) raise(message);
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

// The payload of a task error: the mangled name of a known type, and what that type has saved.
struct SavedException {
  std::string type = {};
  std::vector<std::byte> state = {};
};

}  // namespace

void add_exception_type(const ExceptionType& type) { types().add(type); }

bool derives_from(const std::type_info& type, const std::type_info& base) {
  return steps_to_base(type, base) < kFar;
}

std::vector<std::byte> save_exception(const std::exception& error) {
  const auto type = types().nearest(error);
  if (!type) return {};
  try {
    return pack(SavedException{.type = type->type->name(), .state = type->save(error)});
  } catch (...) {
    return {};  // it cannot be serialized: its type's name and its what() remain
  }
}

void throw_saved(std::span<const std::byte> payload, TaskErrorInfo info) {
  const auto saved = unpack<SavedException>(payload);
  const auto type = saved ? types().named(saved->type) : std::nullopt;
  if (!type) return;
  try {
    type->raise(saved->state, std::move(info));
  } catch (const TaskError&) {
    throw;
  } catch (...) {
    return;  // it cannot be made again here
  }
}

ErrorKind kind_of(const std::exception& error) {
  const auto type = types().nearest(error);
  return type && type->kind != ErrorKind::kTaskError ? type->kind : ErrorKind::kRuntimeError;
}

void throw_kind(ErrorKind kind, const std::string& message) { types().throw_kind(kind, message); }

}  // namespace manta::detail
