// Sessions: manta::init() starts a private node on this machine; the end of the Session ends the node and all that runs
// on it.
//
//   auto session = manta::init();                          // no daemon, no configuration
//   auto session = manta::init({.cpus = 4});
//
// One session is open at a time; a new one may follow. The end of a session does not wait for tasks and actors: it
// stops them, without their destructors. It leaves no process, shared memory or file; and the death of the driver
// leaves none either, even by SIGKILL. Arrays that the driver has got stay valid. Refs and handles of an ended session
// throw InvalidArgument when used.
// Errors:  InvalidArgument: a session is open already, init() is called in a task or an actor or before main, an option
//          or MANTA_* value is bad or not supported, the program was not linked with the wrapped main. BuildMismatch: a
//          part of the program was compiled with other settings of the standard library. RuntimeError: the node has not
//          started, with the reason.
// Threads: init and shutdown from one thread at a time.
#pragma once
#include <filesystem>
#include <memory>

#include "../../base/counted.h"
#include "../../base/id.h"
#include "../launch/on_start.h"
#include "../options/options.h"

namespace manta {
namespace detail {
struct Attachment;
}

// An open session, which ends with its Session. It can be moved; a Session that was moved from has no session.
class [[nodiscard]] Session {
 public:
  Session(Session&&) noexcept;
  Session& operator=(Session&&) noexcept;
  ~Session();

  // Ends the session, under 50 ms as a rule. A second call does nothing.
  void shutdown();
  // The identity of this session. Errors: InvalidArgument if the session was moved from.
  JobId job() const;
  // Where the logs of this session are; removed at its end unless MANTA_KEEP_LOGS=1. Errors: as job().
  std::filesystem::path directory() const;

 private:
  friend Session init(InitOptions options);
  struct State;
  explicit Session(std::unique_ptr<State> state);
  static std::unique_ptr<State> open_session(detail::Attachment attachment);
  std::unique_ptr<State> state_;
};

// Starts a private node and opens a session on it. Blocks until the node is ready, some milliseconds as a rule.
Session init(InitOptions options = {});

}  // namespace manta
