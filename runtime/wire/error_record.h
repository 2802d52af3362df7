// An error as it travels: the meta of a value wire with kError is a payload (payload.h), the facts of the error and of
// its causes. The exception itself is bytes in it, so that a node can make and read one without knowing any user type.
//
// Threads: values.
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "../../base/id.h"

namespace manta::detail {

enum class ErrorKind : std::uint32_t {
  kTaskError,  // user code threw. All others are thrown as the class of their name
  kWorkerCrashed,
  kWorkerStartFailed,
  kActorDied,
  kActorUnavailable,
  kActorRestarted,
  kObjectLost,
  kOwnerDied,
  kNodeDied,
  kCancelled,
  kDeadlineExceeded,
  kObjectStoreFull,
  kOutOfDisk,
  kOutOfMemory,
  kUnschedulable,
  kPendingCallsLimit,
  kSerializationError,
  kReadOnlyWrite,
  kInvalidArgument,
  kBuildMismatch,
  kNotFound,
  kRuntimeError,
};

inline constexpr std::size_t kMaxCauses = 64;  // of a record, and one more that says so

// All of an error but what caused it.
struct ErrorFacts {
  ErrorKind kind = ErrorKind::kRuntimeError;
  std::int32_t attempt = 0;
  std::int32_t pid = 0;
  std::int32_t signal = 0;
  std::int32_t attempts = 0;  // as in TaskErrorInfo
  NodeId node = {};
  std::string function = {};  // as written
  std::string type = {};      // type name of the exception (task_error)
  std::string message = {};   // task_error: the user's what(); else the complete text
  std::string stack = {};
  std::string path = {};  // the tasks that the error went through, "a <- b"
  // The exception (task_error of a standard or registered type).
  std::vector<std::byte> payload = {};
};

struct ErrorRecord : ErrorFacts {
  std::shared_ptr<ErrorRecord> cause = {};  // nested or upstream
};

ErrorRecord error_of(ErrorKind kind, std::string_view message, std::string_view function = {});

// Adds a step to the path: `function` was to take the value in whose place this error is.
void pass_on(ErrorRecord& error, std::string_view function);

std::vector<std::byte> encode_error(const ErrorRecord& error);
// Throws SerializationError on malformed bytes.
ErrorRecord decode_error(std::span<const std::byte> bytes);

// The complete value wire of an error: ready to be sent as `value`, or put into a reply.
std::vector<std::byte> error_wire(const ErrorRecord& error);
std::vector<std::byte> error_wire(ErrorKind kind, std::string_view message);
// In at most `limit` bytes (16 KiB or more): the exception and the causes are left out, and texts are shortened, if it
// must be.
std::vector<std::byte> error_wire_within(const ErrorRecord& error, std::size_t limit);

}  // namespace manta::detail
