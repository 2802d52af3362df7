// The exceptions of Manta. Each one is a std::exception and a manta::Error; what() is complete:
// what happened, where, why, what was tried, what to do.
//
//   Error (mixin) <-- RuntimeError (+ std::runtime_error) <-- GetTimeout, WorkerCrashed, ...
//         ^---------- TaskError  <-- TaskErrorOf<E> (+ E)     user code threw an E in a task
//
// Invariant: every thrown object has exactly one std::exception base, so that each of
// catch (const E&), catch (const std::exception&) and catch (const manta::Error&) finds it.
// Threads: values, copied freely between threads; copying does not throw.
#pragma once
#include <exception>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

#include "id.h"

namespace manta {

// A mixin, not a std::exception itself: see the invariant above.
class Error {
 public:
  virtual ~Error();
  virtual const char* what() const noexcept = 0;

 protected:
  Error() = default;
  Error(const Error&) = default;
  Error& operator=(const Error&) = default;
};

// What is known of an exception that user code threw in a task or an actor's method.
struct TaskErrorInfo {
  std::string function = {};   // the name that the user wrote
  std::string type_name = {};  // of the exception, in readable form
  std::string message = {};    // what() of the user's exception
  std::string stack = {};      // where it was thrown; may be empty
  NodeId node = {};            // the node and process that ran the code
  int pid = 0;
  int attempt = 1;                // counts from 1
  std::exception_ptr cause = {};  // the nested or upstream error, or null
  std::string path = {};          // the tasks that it went through, "scale <- mean"; may be empty
  int attempts = 0;  // that TaskOptions::retry_exceptions allowed; 0: none but the first
};

// User code threw. It can be caught as this, or as the user's own type: get() throws a TaskErrorOf<E>.
// The accessors give copies of what TaskErrorInfo describes.
class TaskError : public virtual Error {
 public:
  std::string function() const { return details_->info.function; }
  std::string type_name() const { return details_->info.type_name; }
  std::string message() const { return details_->info.message; }
  std::string stack() const { return details_->info.stack; }
  NodeId node() const { return details_->info.node; }
  int pid() const { return details_->info.pid; }
  int attempt() const { return details_->info.attempt; }
  std::exception_ptr cause() const { return details_->info.cause; }

  // All of it at once, for sending it on. It lives as long as any copy of this error.
  const TaskErrorInfo& info() const { return details_->info; }

 protected:
  explicit TaskError(TaskErrorInfo info);
  const char* text() const noexcept { return details_->text.c_str(); }

 private:
  struct Details {
    TaskErrorInfo info;
    std::string text;
  };
  std::shared_ptr<const Details> details_;
};

// The exception E that user code threw, with what is known of it; what() says both.
template <class E>
class TaskErrorOf : public E, public TaskError {
 public:
  TaskErrorOf(E error, TaskErrorInfo info) : E(std::move(error)), TaskError(std::move(info)) {}
  const char* what() const noexcept override { return text(); }
};

// The base of all errors that Manta finds itself.
class RuntimeError : public std::runtime_error, public virtual Error {
 public:
  using std::runtime_error::runtime_error;
  const char* what() const noexcept override;
};

// The process that ran the task ended by a signal or exit(), and no retry was left.
struct WorkerCrashed : RuntimeError {
  using RuntimeError::RuntimeError;
  WorkerCrashed(const std::string& what, int signal, std::string stack);
  int signal() const { return signal_; }  // 0 if it called exit()
  // Where the process was when the signal came; may be empty.
  std::string stack() const { return stack_ ? *stack_ : std::string(); }

 private:
  int signal_ = 0;
  std::shared_ptr<const std::string> stack_;
};

// A worker process could not be started, or ended before it was ready.
struct WorkerStartFailed : RuntimeError {
  using RuntimeError::RuntimeError;
};

// The actor is gone for good: killed, ended, or crashed with no restart left.
struct ActorDied : RuntimeError {
  using RuntimeError::RuntimeError;
};

// The actor is being restarted; the call was not made. Nothing throws it yet, as actors are not restarted.
struct ActorUnavailable : RuntimeError {
  using RuntimeError::RuntimeError;
};

// The actor crashed during this call and is back: the call may have had effects. Nothing throws it yet.
struct ActorRestarted : ActorUnavailable {
  using ActorUnavailable::ActorUnavailable;
};

// The value existed and is no more: freed, or its copies died with their nodes.
struct ObjectLost : RuntimeError {
  using RuntimeError::RuntimeError;
};

// The process that owned the object ended before the object left it.
struct OwnerDied : ObjectLost {
  using ObjectLost::ObjectLost;
};

// A machine of the cluster, or the node process on it, ended.
struct NodeDied : RuntimeError {
  using RuntimeError::RuntimeError;
};

// The head of the cluster does not answer. Nothing throws it yet, as there is one node.
struct HeadUnavailable : RuntimeError {
  using RuntimeError::RuntimeError;
};

// The call was cancelled before it had finished.
struct Cancelled : RuntimeError {
  using RuntimeError::RuntimeError;
};

// get() waited as long as it was told to. The task continues.
struct GetTimeout : RuntimeError {
  using RuntimeError::RuntimeError;
};

// The deadline in the options of the task or call passed.
struct DeadlineExceeded : RuntimeError {
  using RuntimeError::RuntimeError;
};

// A wait that could never end; what() states the cycle.
struct DeadlockDetected : RuntimeError {
  using RuntimeError::RuntimeError;
};

// The store has no room for an object; what() says which objects take the most.
struct ObjectStoreFull : RuntimeError {
  using RuntimeError::RuntimeError;
};

// A file could not be written because its disk is full.
struct OutOfDisk : RuntimeError {
  using RuntimeError::RuntimeError;
};

// The system has no memory for what was asked for.
struct OutOfMemory : RuntimeError {
  using RuntimeError::RuntimeError;
};

// No node can ever satisfy the request; what() names the resource that is short.
struct Unschedulable : RuntimeError {
  using RuntimeError::RuntimeError;
};

// Too many calls wait already, and none of them can finish while this one waits for room.
struct PendingCallsLimit : RuntimeError {
  using RuntimeError::RuntimeError;
};

// Bytes that are corrupt, truncated, foreign or of another type; a value that cannot be written.
struct SerializationError : RuntimeError {
  using RuntimeError::RuntimeError;
};

// User code wrote to an immutable array.
struct ReadOnlyWrite : RuntimeError {
  using RuntimeError::RuntimeError;
};

// The other side does not know the secret of this cluster. Nothing throws it yet.
struct AuthenticationError : RuntimeError {
  using RuntimeError::RuntimeError;
};

// The other process runs another build of the program or of Manta.
struct BuildMismatch : RuntimeError {
  using RuntimeError::RuntimeError;
};

// Nothing has the name that was asked for.
struct NotFound : RuntimeError {
  using RuntimeError::RuntimeError;
};

// Something has this name already. Nothing throws it yet, as actors have no names.
struct AlreadyExists : RuntimeError {
  using RuntimeError::RuntimeError;
};

// A bad option, a call without a session, a second open session, an empty ref or handle.
struct InvalidArgument : RuntimeError {
  using RuntimeError::RuntimeError;
};

}  // namespace manta
